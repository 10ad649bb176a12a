import type { Check } from "../../schemas/check.js";
import { SPF_LIMITS } from "../mail/spf/lookups.js";
import { advice, check, type Rule } from "./check.js";
import type { DkimFacts } from "./dkim/examine.js";
import type { DmarcFacts } from "./dmarc/examine.js";
import type { SpfFacts } from "./spf/examine.js";
import { redirected } from "./spf/reach.js";

/** The rules of large receivers for everybody who sends (Gmail 5.7.26, Yahoo): SPF or DKIM. */
const RULE: Rule = { id: "sender.authenticated", area: "arrival", spec: null };

/** Whether a DKIM key is known that is aligned; null where a selector that is not known may have one, or the domain above a subdomain. */
export function hasDkim(
  { keys, has_domainkeys: hasKeys, domain }: DkimFacts,
  { organizational_domain: organization }: Pick<DmarcFacts, "organizational_domain">,
): boolean | null {
  if (keys.some(({ state }) => state === "valid")) return true;
  const given = keys.filter(({ source }) => source === "given");
  const isNoneGiven = given.length > 0 && given.every(({ state }) => state !== "unknown");
  const isSubdomain = organization !== null && organization !== domain;
  return (hasKeys === false && !isSubdomain) || isNoneGiven ? false : null;
}

interface Authentication {
  readonly domain: string;
  readonly spf: SpfFacts;
  readonly dkim: DkimFacts;
  readonly dmarc: Pick<DmarcFacts, "organizational_domain">;
  /** The checks of the SPF record. */
  readonly spfChecks: readonly Check[];
}

/** A message of a domain that sends has to pass one of the two. */
export function judgeAuthentication({ domain, spf, dkim, dmarc, spfChecks }: Authentication): Check {
  const isSigned = hasDkim(dkim, dmarc);
  const state = spfState(spf, spfChecks);
  if (state === "usable") return check(RULE, "pass", isSigned === true ? `${domain} has SPF and DKIM` : `SPF can authenticate mail of ${domain}`);
  if (isSigned === true) return signedOnly(domain, state);
  const what = `${WORDS[state]}, and ${isSigned === false ? "there is no DKIM key" : "no DKIM key is known"}`;
  const why = {
    advice: advice(
      "Publish an SPF record that names your servers, and sign with DKIM. If messages are signed, name the selector (s= of their DKIM-Signature).",
    ),
  };
  if (state === "unknown") return check(RULE, "unknown", `whether mail of ${domain} can be authenticated is not known: ${what}`);
  const refusal = `${what}: Gmail (5.7.26), Yahoo and others refuse mail that neither authenticates`;
  if (isSigned === null) return check(RULE, "unknown", `whether mail of ${domain} arrives depends on a DKIM key that is not known: ${refusal}`, why);
  // That _domainkey does not exist is a strong hint, and no proof: some name servers deny a name with names below it.
  return check(RULE, dkim.keys.length === 0 ? "warning" : "error", `mail of ${domain}: ${refusal}`, why);
}

type SpfState = "usable" | "none" | "broken" | "closed" | "unknown";

const WORDS: Readonly<Record<Exclude<SpfState, "usable">, string>> = {
  none: "there is no SPF record",
  broken: "the SPF record is invalid (permerror)",
  closed: "the SPF record allows no address",
  unknown: "the SPF record could not be read",
};

function signedOnly(domain: string, state: Exclude<SpfState, "usable">): Check {
  if (state === "broken")
    return check(RULE, "warning", `${WORDS.broken}: some receivers refuse mail of ${domain} for that, though it is signed with DKIM`, {
      advice: advice("Correct the SPF record."),
    });
  const verdict = state === "unknown" ? "pass" : "notice";
  return check(RULE, verdict, `only DKIM authenticates mail of ${domain} (${WORDS[state]}); Gmail, Yahoo and Outlook.com ask bulk senders for SPF, too`);
}

/** What ends in permerror for every address. */
const PERMERRORS: ReadonlySet<string> = new Set(["spf.record", "spf.syntax", "spf.lookups", "spf.include"]);

function spfState({ nodes, empty }: SpfFacts, checks: readonly Check[]): SpfState {
  const [own] = nodes;
  if (own === undefined || own.state === "unanswered") return "unknown";
  if (own.state === "none") return "none";
  const about = checks.filter(({ id }) => PERMERRORS.has(id));
  const isVoid = Math.min(empty.ipv4.length, empty.ipv6.length) > SPF_LIMITS.empty;
  if (isVoid || about.some(({ verdict }) => verdict === "error")) return "broken";
  // Without a record that it leads to, a receiver can only wait (temperror).
  if (about.some(({ id, verdict }) => id === "spf.include" && verdict === "unknown")) return "unknown";
  const mayPass = redirected(nodes).some(
    ({ directives, unknown_terms: unknown }) => unknown.includes("redirect") || directives.some(({ result }) => result === "pass"),
  );
  return mayPass ? "usable" : "closed";
}
