import type { Authentication, AuthenticationVerdict, VerdictSource } from "../../schemas/mail-authentication.js";
import { parseAuthenticationResults } from "./authentication-results.js";
import type { Header } from "./header.js";
import { HEADER_LIMITS } from "./limits.js";
import { parseReceivedSpf } from "./received-spf.js";

/** The fields with a host's results, in lower case. Only the first kind is written by the host of the mailbox. */
const FIELDS: Readonly<Record<string, VerdictSource>> = {
  "authentication-results": "receiver",
  "received-spf": "received_spf",
  "arc-authentication-results": "arc",
  // What a host found in the message that it took, and put aside: Exchange Online, Google Groups, Mailman.
  "authentication-results-original": "original",
  "x-original-authentication-results": "original",
  "x-ms-exchange-authentication-results": "original",
  "x-google-original-authentication-results": "original",
};

/**
 * The header's results of SPF, DKIM, DMARC and ARC. Anyone can write such a field, so the results are those of one host: a trusted one if the caller
 * names any, otherwise the one that wrote the topmost field, since the receiver writes last.
 */
export function authenticationOf(header: Header, trusted: readonly string[] = []): Authentication {
  const verdicts = verdictsIn(header);
  const isTrusted = judgeOf(trusted);
  const own = verdicts.filter(({ source, authserv_id: id }) => source === "receiver" && (trusted.length === 0 || isTrusted(id)));
  const [top] = own;
  const believed = own.filter(({ authserv_id: id }) => id === top?.authserv_id);
  const result = (method: string): string | null => believed.find((verdict) => verdict.method === method)?.result ?? null;
  return {
    authserv_id: top?.authserv_id ?? null,
    spf: result("spf"),
    dkim: bestOf(believed.filter(({ method }) => method === "dkim").map((verdict) => verdict.result)),
    dmarc: result("dmarc"),
    arc: result("arc"),
    verdicts,
  };
}

function judgeOf(trusted: readonly string[]): (authservId: string | null) => boolean {
  const names = new Set(trusted.map((name) => name.toLowerCase()));
  return (authservId) => authservId !== null && names.has(authservId);
}

function verdictsIn(header: Header): AuthenticationVerdict[] {
  const verdicts: AuthenticationVerdict[] = [];
  for (const { name, body } of header.fields) {
    const source = FIELDS[name.toLowerCase()];
    if (source === undefined) continue;
    if (source === "received_spf") verdicts.push(...[parseReceivedSpf(body)].filter((verdict) => verdict !== null));
    else verdicts.push(...parseAuthenticationResults(body, source).verdicts);
    if (verdicts.length >= HEADER_LIMITS.verdicts) return verdicts.slice(0, HEADER_LIMITS.verdicts);
  }
  return verdicts;
}

/** From the best to the worst (RFC 8601, section 2.7.1): a message is signed when one of its signatures is good. */
const DKIM_RESULTS = ["pass", "policy", "neutral", "temperror", "permerror", "fail", "none"];

function bestOf(results: readonly string[]): string | null {
  return DKIM_RESULTS.find((result) => results.includes(result)) ?? results[0] ?? null;
}
