import { isAddress } from "../../../schemas/host.js";
import { type Answer, failureOfAnswer, isCertain } from "../../net/dns/answer.js";
import { dnsName } from "../../net/dns/name.js";
import type { DataOf, RecordType } from "../../net/dns/records.js";
import type { PolicyRoute, Tlsa } from "../policy.js";

/** Asks one question with DNSSEC OK. */
export type SecureAsk = <Type extends RecordType>(name: string, type: Type) => Promise<Answer<Type>>;

/**
 * What DNSSEC says about the way to a domain's mail hosts; about any host if `hosts` is null. `unknown`: an attack looks like this, so no mail is
 * sent until it is known.
 */
export type SecureRoute =
  | { readonly kind: "secure"; readonly hosts: ReadonlySet<string> | null; readonly names: readonly string[] }
  | { readonly kind: "insecure"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** What DNSSEC says of a host's TLSA records. */
export type DaneFinding =
  | { readonly kind: "none" | "insecure"; readonly reason: string }
  /** With the question that has no answer. */
  | { readonly kind: "unknown"; readonly reason: string; readonly name: string; readonly type: RecordType }
  | {
      readonly kind: "records";
      /** The name that the records are for: the host's, or where its alias leads. */
      readonly base: string;
      /** The name of the records. */
      readonly owner: string;
      readonly records: readonly Tlsa[];
    };

/** RFC 7672, section 2.2.1: if the MX records are not secure, no host is. A secure answer without MX records makes the domain its own host. */
export async function secureRoute(ask: SecureAsk, { ascii_domain: domain, kind }: PolicyRoute): Promise<SecureRoute> {
  if (kind === "configured") return CHOSEN;
  if (dnsName(domain) === null) return { kind: "insecure", reason: `${domain} is no name` };
  const answer = await ask(domain, "MX");
  if (!isCertain(answer)) return unknown(answer, domain, "MX");
  if (!answer.authenticated) return { kind: "insecure", reason: `the MX records of ${domain} are not signed` };
  const names = [domain, ...answer.aliases.slice(-1)];
  if (answer.outcome !== "found") return { kind: "secure", hosts: new Set([domain]), names };
  return { kind: "secure", hosts: new Set(answer.records.map(hostOf)), names };
}

/** A relay is configured: no lookup led to it. */
export const CHOSEN: SecureRoute = { kind: "secure", hosts: null, names: [] };

function hostOf({ exchange }: DataOf<"MX">): string {
  return dnsName(exchange) ?? exchange;
}

/** TLSA records are queried only if the host's addresses are secure: servers of unsigned zones may fail at the query. */
export async function findTlsa(ask: SecureAsk, host: string, port: number): Promise<DaneFinding> {
  const bases = await tlsaBases(ask, host);
  if (!Array.isArray(bases)) return bases;
  for (const base of bases) {
    const found = await tlsaAt(ask, base, port);
    if (found.kind !== "none") return found;
  }
  return { kind: "none", reason: `${host} has no TLSA records` };
}

/** The names at which to look, in order (RFC 7672, section 2.2.3): where an alias leads, as long as all of the way is secure, and the host's own. */
async function tlsaBases(ask: SecureAsk, host: string): Promise<string[] | Exclude<DaneFinding, { kind: "records" }>> {
  if (isAddress(host) || dnsName(host) === null) return { kind: "insecure", reason: `${host} is no name` };
  const answers = await Promise.all([ask(host, "AAAA"), ask(host, "A")]);
  const found = answers.filter(({ outcome }) => outcome === "found");
  if (found.length === 0) return withoutAddress(host, answers);
  // Both address families have one name: if the records of one are signed and the others cannot be looked up, the one decides.
  const secure = found.find(({ authenticated }) => authenticated);
  if (secure !== undefined) return [...secure.aliases.slice(-1), host];
  return found.some(({ aliases }) => aliases.length > 0) ? basesOfAlias(ask, host) : { kind: "insecure", reason: `the addresses of ${host} are not signed` };
}

function withoutAddress(host: string, answers: readonly Answer[]): Exclude<DaneFinding, { kind: "records" }> {
  const types = ["AAAA", "A"] as const;
  const index = answers.findIndex((answer) => !isCertain(answer));
  const [failed, type] = [answers[index], types[index]];
  if (failed === undefined || type === undefined) return { kind: "insecure", reason: `${host} has no address` };
  return unknown(failed, host, type, `the addresses of ${host}`);
}

/** The alias may be signed where what it leads to is not: then the host's own name counts. Only a question for the alias itself shows that. */
async function basesOfAlias(ask: SecureAsk, host: string): Promise<string[] | Exclude<DaneFinding, { kind: "records" }>> {
  const alias = await ask(host, "CNAME");
  if (!isCertain(alias)) return unknown(alias, host, "CNAME");
  return alias.authenticated ? [host] : { kind: "insecure", reason: `the alias ${host} is not signed` };
}

async function tlsaAt(ask: SecureAsk, base: string, port: number): Promise<DaneFinding> {
  const owner = `_${port}._tcp.${base}`;
  if (dnsName(owner) === null) return { kind: "none", reason: `${owner} is no name` };
  const answer = await ask(owner, "TLSA");
  if (!isCertain(answer)) return unknown(answer, owner, "TLSA");
  if (answer.outcome !== "found" || !answer.authenticated) return { kind: "none", reason: `there are no signed TLSA records at ${owner}` };
  return { kind: "records", base, owner, records: answer.records };
}

function unknown(answer: Answer, name: string, type: RecordType, what = `${type} ${name}`): Extract<DaneFinding, { kind: "unknown" }> {
  return { kind: "unknown", name, type, reason: failureOfAnswer(answer, what).message };
}
