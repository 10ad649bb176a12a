import type { Area, Check, CheckEvidence, Verdict } from "../../../schemas/check.js";
import { advice, check, type Rule } from "../check.js";
import { correctedKey } from "./corrected.js";
import type { DkimFacts, DkimKeyFacts } from "./examine.js";
import { RANDOM_SELECTOR } from "./selectors.js";

export interface DkimJudgeOptions {
  /** The domain sends mail; null if that is not known. */
  readonly sends: boolean | null;
  readonly evidenceOf: (selector: string) => readonly CheckEvidence[];
}

/** A key that is missing costs mail; a key that can be broken lets others sign. */
const rule = (name: string, spec: string, area: Area = "arrival"): Rule => ({ id: `dkim.${name}`, area, spec });
const RECORD = rule("record", "RFC 6376 3.6.1");
/** Not to know a key that the domain signs with is more than not to know its selectors. */
const SELECTOR = rule("selector", "RFC 6376 6.1.2");

export function judgeDkim(facts: DkimFacts, options: DkimJudgeOptions): Check[] {
  return [
    ...presenceCheck(facts, options),
    // The selector that cannot exist is the wildcard's.
    ...facts.keys.filter(({ selector }) => selector !== RANDOM_SELECTOR).flatMap((key) => keyChecks(key, facts.domain, options)),
    ...pairCheck(facts),
    ...wildcardCheck(facts, options),
    ...facts.outdated.map((name) =>
      check(rule("outdated", "RFC 5617"), "notice", `the record at ${name} belongs to an abandoned standard`, {
        advice: advice("Remove it.", [{ name, type: "TXT", old: null, new: null }]),
      }),
    ),
  ];
}

/** Selectors cannot be listed: not to find a key is not to know. */
function presenceCheck({ domain, keys, unanswered, has_domainkeys: hasKeys }: DkimFacts, { sends }: DkimJudgeOptions): Check[] {
  const valid = keys.filter(({ state }) => state === "valid").map(({ selector }) => (selector === RANDOM_SELECTOR ? "every selector" : selector));
  if (valid.length > 0) return [check(RECORD, "pass", `keys at ${valid.join(", ")}`)];
  if (sends === false) return [check(RECORD, "not_applicable", "a domain that sends no mail needs no key")];
  // What was found has checks of its own.
  if (keys.some(({ state, source }) => state === "invalid" || state === "revoked" || (state === "absent" && source === "given"))) return [];
  const silentGiven = keys.filter(({ state }) => state === "unknown").map(({ selector }) => selector);
  if (silentGiven.length > 0) return [check(RECORD, "unknown", `whether there is a key is not known: no answer at ${silentGiven.join(", ")}`)];
  if (hasKeys === false)
    return [
      check(RECORD, "notice", `there seems to be no key: _domainkey.${domain} does not exist`, { advice: advice("Sign what you send, and publish the key.") }),
    ];
  const silent = unanswered === 0 ? "" : `; ${unanswered === 1 ? "one question" : `${unanswered} questions`} got no answer`;
  return [
    check(RECORD, "unknown", `no key was found at the selectors that were asked for; a domain's selectors cannot be listed${silent}`, {
      advice: advice("Give the selectors that you sign with (s= of a message's DKIM-Signature)."),
    }),
  ];
}

function keyChecks(key: DkimKeyFacts, domain: string, { sends, evidenceOf }: DkimJudgeOptions): Check[] {
  const { selector, state, aliases, record, texts } = key;
  const evidence = evidenceOf(selector);
  if (state === "unknown") return [selectorCheck(key, sends, evidence)];
  if (state === "absent") {
    const isDangling = aliases.length > 0;
    if (isDangling)
      return [
        check(rule("cname", "RFC 6376 3.6.2"), "error", `${selector} is an alias of ${aliases.at(-1)}, where there is no record`, {
          evidence,
          advice: advice(`Publish the key at ${aliases.at(-1)}, or correct the alias.`),
        }),
      ];
    return [
      check(RECORD, "error", `${selector} has no key record: signatures with it do not verify`, {
        evidence,
        advice: advice("Publish the key that you sign with at this selector."),
      }),
    ];
  }
  if (state === "revoked") return [check(RECORD, "notice", `${selector} is revoked (p= is empty)`, { evidence })];
  const faults = record?.findings ?? [];
  const checks = faults.map(({ reason, severity, message }) => {
    const verdict: Verdict = reason === "testing" || severity === "warning" ? "warning" : "error";
    const fixed = correctedKey(texts, reason);
    const change = fixed === null ? [] : [{ name: `${selector}._domainkey.${domain}`, type: "TXT", old: texts[0] ?? null, new: fixed }];
    const why = ADVICE[reason] ?? "Publish the key again, as the system that signs gives it.";
    return check(ruleOf(reason), verdict, `${selector}: ${message}`, { evidence, advice: advice(why, change) });
  });
  return [...checks, ...(checks.length === 0 ? [check(RECORD, "pass", `${selector}: ${describe(key)}`, { evidence })] : []), ...strictCheck(key)];
}

/** RFC 6376, section 6.1.2: receivers that get no answer may try again later. It is no key that is missing. */
function selectorCheck({ selector, outcome, problem }: DkimKeyFacts, sends: boolean | null, evidence: readonly CheckEvidence[]): Check {
  const silence = `${selector}: no answer (${problem ?? outcome.replaceAll("_", " ")})`;
  if (sends === false) return check(SELECTOR, "not_applicable", `${silence}; a domain that sends no mail needs no key`, { evidence });
  return check(SELECTOR, "unknown", `${silence}: whether signatures with it verify is not known`, { evidence });
}

function describe({ key_type: type, key_bits: bits }: DkimKeyFacts): string {
  return type === "rsa" ? `RSA, ${bits} bits` : "Ed25519";
}

const RULES: Readonly<Record<string, Rule>> = {
  no_key_record: RECORD,
  several_key_records: RECORD,
  key_too_short: rule("bits", "RFC 8301 3.2", "spoofing"),
  key_short: rule("bits", "RFC 8301 3.2", "spoofing"),
  unreadable_ed25519_key: rule("ed25519", "RFC 8463 4.2"),
  testing: rule("testing", "RFC 6376 3.6.1"),
};

function ruleOf(reason: string): Rule {
  return RULES[reason] ?? rule("syntax", "RFC 6376 3.6.1");
}

const ADVICE: Readonly<Record<string, string>> = {
  key_too_short: "Sign with a key of 2048 bits, at a new selector.",
  key_short: "Sign with a key of 2048 bits, at a new selector.",
  testing: "Remove t=y once signatures verify.",
  version_not_first: "Write v=DKIM1 first.",
  no_sha256: "Remove h=: receivers accept signatures with SHA-256 only.",
  not_for_mail: "Remove s=, or publish a key for mail at another selector.",
  no_key_record: "Publish the key in p=, as the system that signs gives it.",
  several_key_records: "Publish one record at each selector.",
};

function strictCheck({ selector, flags }: DkimKeyFacts): Check[] {
  if (!flags.includes("s")) return [];
  return [check(rule("strict", "RFC 6376 3.6.1"), "notice", `${selector}: t=s forbids signatures for subdomains (i=)`)];
}

/** Many receivers do not know Ed25519 yet (RFC 8463): a message needs an RSA signature as well. */
function pairCheck({ keys }: DkimFacts): Check[] {
  const types = new Set(keys.filter(({ state }) => state === "valid").map(({ key_type: type }) => type));
  if (!types.has("ed25519")) return [];
  const about = rule("ed25519", "RFC 8463 3");
  if (types.has("rsa")) return [check(about, "pass", "there are keys of both kinds")];
  return [
    check(about, "warning", "there is an Ed25519 key and no RSA key: receivers that do not know Ed25519 see no valid signature", {
      advice: advice("Sign with an RSA key of 2048 bits as well, at a selector of its own."),
    }),
  ];
}

function wildcardCheck({ domain, wildcard, keys }: DkimFacts, { sends }: DkimJudgeOptions): Check[] {
  if (!wildcard) return [];
  const isRevocation = keys.at(-1)?.state === "revoked";
  const message = `every selector has a record by a wildcard (*._domainkey.${domain})`;
  if (isRevocation && sends !== true) return [check(rule("wildcard", "RFC 6376 3.6.1"), "pass", `${message}, which revokes all keys`)];
  return [
    check(rule("wildcard", "RFC 6376 3.6.2.1"), "warning", message, {
      advice: advice("Publish a record at each selector that you sign with, and remove the wildcard."),
    }),
  ];
}
