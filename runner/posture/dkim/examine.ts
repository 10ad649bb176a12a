import type { DnsOutcome } from "../../../schemas/dns.js";
import { type KeyRecord, readKeyRecord } from "../../mail/dkim/read-key-record.js";
import { tagsOf } from "../../mail/dkim/tags.js";
import { isCertain } from "../../net/dns/answer.js";
import type { Questions } from "../questions.js";
import { RANDOM_SELECTOR, USUAL_SELECTORS } from "./selectors.js";

export const DKIM_KEY_STATES = ["valid", "revoked", "invalid", "absent", "unknown"] as const;
export type DkimKeyState = (typeof DKIM_KEY_STATES)[number];

/** What stands at one selector. */
export interface DkimKeyFacts {
  readonly selector: string;
  readonly source: "given" | "guessed";
  readonly state: DkimKeyState;
  readonly key_type: "rsa" | "ed25519" | null;
  readonly key_bits: number | null;
  /** t=y, t=s. */
  readonly flags: readonly string[];
  /** The names that the selector leads through by CNAME. */
  readonly aliases: readonly string[];
  readonly outcome: DnsOutcome;
  /** Why there is no answer, in words; null if there is one. */
  readonly problem: string | null;
  readonly texts: readonly string[];
  readonly record: KeyRecord | null;
}

export interface DkimFacts {
  readonly domain: string;
  /** Every selector that was given, and of the usual ones those that exist. */
  readonly keys: readonly DkimKeyFacts[];
  /** A selector that cannot exist has a record, too. */
  readonly wildcard: boolean;
  /** The usual selectors that got no answer. */
  readonly unanswered: number;
  /** Why not one of them got an answer; null if one did. */
  readonly silence: Pick<DkimKeyFacts, "outcome" | "problem"> | null;
  /** The domain has keys below _domainkey; null if that is not known. */
  readonly has_domainkeys: boolean | null;
  /** Records of abandoned standards (ADSP, DomainKeys). */
  readonly outdated: readonly string[];
}

export interface DkimQuestion {
  readonly selectors: readonly string[];
  readonly guess: boolean;
}

export async function examineDkim(domain: string, { selectors, guess }: DkimQuestion, questions: Questions): Promise<DkimFacts> {
  // At once: each name may be one that no server answers for.
  const [random, base, adsp, policy, ...given] = await Promise.all([
    examineKey(domain, RANDOM_SELECTOR, "guessed", questions),
    questions.ask(`_domainkey.${domain}`, "TXT"),
    questions.texts(`_adsp._domainkey.${domain}`),
    questions.texts(`_domainkey.${domain}`),
    ...selectors.map((selector) => examineKey(domain, selector, "given", questions)),
  ]);
  // Where every name has a text by a wildcard, such as v=spf1 -all, one that is no key says nothing about keys.
  const isForeign = isNoKey(random);
  const wildcard = isPublished(random) && !isForeign;
  // Under a wildcard every selector exists.
  const isGuessing = guess && !wildcard;
  const usual = isGuessing ? USUAL_SELECTORS.filter((selector) => !selectors.includes(selector)) : [];
  const guessed = await Promise.all(usual.map((selector) => examineKey(domain, selector, "guessed", questions)));
  const keys = [...given, ...guessed.filter((key) => isPublished(key) && !(isForeign && isNoKey(key))), ...(wildcard ? [random] : [])];
  const tried = [random, ...guessed];
  const unanswered = tried.filter(({ state }) => state === "unknown").length;
  return {
    domain,
    keys,
    wildcard,
    unanswered,
    silence: unanswered === tried.length ? random : null,
    // RFC 8020: below a name that does not exist there is nothing.
    has_domainkeys: base.outcome === "no_such_name" ? false : keys.some(({ state }) => state === "valid") ? true : null,
    outdated: [
      ...adsp.filter((text) => /^dkim\s*=/i.test(text)).map(() => `_adsp._domainkey.${domain}`),
      ...policy.filter((text) => /(?:^|;)\s*o\s*=/.test(text)).map(() => `_domainkey.${domain}`),
    ],
  };
}

function isPublished({ state }: DkimKeyFacts): boolean {
  return state !== "absent" && state !== "unknown";
}

function isNoKey(key: DkimKeyFacts): boolean {
  return isPublished(key) && key.record?.findings.some(({ reason }) => reason === "no_key_record") === true;
}

async function examineKey(domain: string, selector: string, source: DkimKeyFacts["source"], questions: Questions): Promise<DkimKeyFacts> {
  const name = `${selector}._domainkey.${domain}`;
  const answer = await questions.ask(name, "TXT");
  const texts = answer.outcome === "found" ? await questions.texts(name) : [];
  const { state, key_type, key_bits, flags, record } = !isCertain(answer) ? UNKNOWN_KEY : texts.length === 0 ? NO_KEY : keyFacts(texts);
  return { selector, source, state, key_type, key_bits, flags, aliases: answer.aliases, outcome: answer.outcome, problem: answer.problem, texts, record };
}

type KeyFacts = Pick<DkimKeyFacts, "state" | "key_type" | "key_bits" | "flags" | "record">;

/** What the TXT records at a selector are, whatever domain it is. */
function keyFacts(texts: readonly string[]): KeyFacts {
  const record = readKeyRecord(texts);
  const reasons = record.findings.map(({ reason }) => reason);
  const tags = tagsOf(texts.find((text) => tagsOf(text)?.has("p") === true) ?? "") ?? new Map<string, string>();
  const type = record.key?.asymmetricKeyType;
  return {
    state: stateOf(texts, reasons),
    key_type: type === "rsa" || type === "ed25519" ? type : null,
    key_bits: record.key?.asymmetricKeyDetails?.modulusLength ?? null,
    flags: (tags.get("t") ?? "")
      .split(":")
      .map((flag) => flag.trim())
      .filter((flag) => flag === "y" || flag === "s"),
    record,
  };
}

function stateOf(texts: readonly string[], reasons: readonly string[]): DkimKeyState {
  if (texts.length === 0) return "absent";
  if (reasons.includes("revoked")) return "revoked";
  return reasons.some((reason) => !HARMLESS.has(reason)) ? "invalid" : "valid";
}

/** Findings under which a signature still verifies. */
const HARMLESS: ReadonlySet<string> = new Set(["key_short", "testing"]);

/** Most of the usual selectors have no record. */
const NO_KEY = keyFacts([]);
const UNKNOWN_KEY: KeyFacts = { state: "unknown", key_type: null, key_bits: null, flags: [], record: null };
