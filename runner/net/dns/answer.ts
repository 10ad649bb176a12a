import type { DnsOutcome } from "../../../schemas/dns.js";
import type { Failure, FailureCode } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import { type ExtendedError, extendedErrorText } from "./extended-error.js";
import type { DataOf, RecordType, WireRecord } from "./records.js";

/** The outcome of a question. No answer is also data, as any other network outcome. */
export interface Answer<Type extends RecordType = RecordType> {
  readonly outcome: DnsOutcome;
  /** The response code; null when no reply could be read. */
  readonly rcode: number | null;
  /** What the records of the asked type hold, at the end of the aliases. */
  readonly records: readonly DataOf<Type>[];
  /** The names that the asked one leads through by CNAME, in order; the last one has the records. */
  readonly aliases: readonly string[];
  /** The remaining time to live in seconds; null if the answer had none. */
  readonly ttl: number | null;
  /** The servers vouch for all of it. */
  readonly authenticated: boolean;
  /** Who answered; null for the host's own files. */
  readonly server: string | null;
  readonly fromCache: boolean;
  /** Of an answer that there is nothing: the zone's SOA record, and the NSEC and NSEC3 records that deny it. */
  readonly authority: readonly WireRecord[];
  /** What the server adds to its answer (RFC 8914). */
  readonly extendedErrors: readonly ExtendedError[];
  /** Why there is no answer, in words; null if there is one. */
  readonly problem: string | null;
}

/** True when the answer is one: what there is, or that there is nothing. */
export function isCertain({ outcome }: Pick<Answer, "outcome">): boolean {
  return outcome === "found" || outcome === "no_data" || outcome === "no_such_name";
}

/** The zone that an answer without records comes from, by its SOA record; null for any other answer. */
export function zoneOf({ authority }: Pick<Answer, "authority">): string | null {
  return authority.find(({ type }) => type === "SOA")?.name.toLowerCase() ?? null;
}

/** Why a query did not give what was needed, as a failure. `what` is the query: "MX example.org". */
export function failureOfOutcome(outcome: DnsOutcome, what: string): Failure {
  const [code, words] = FAILURES[outcome];
  return failure("resolve", code, `${what}: ${words}`);
}

/** The same of an answer, in the words of the server that gave none. It may say why (RFC 8914), also why it denies a name: a filter denies names that exist. */
export function failureOfAnswer({ outcome, problem, extendedErrors = [] }: WithoutAnswer, what: string): Failure {
  const found = failureOfOutcome(outcome, what);
  return { ...found, message: problem === null ? [found.message, ...extendedErrors.map(extendedErrorText)].join("; ") : `${what}: ${problem}` };
}

/** What is known of a question that nothing was found for. */
export type WithoutAnswer = Pick<Answer, "outcome" | "problem"> & Partial<Pick<Answer, "extendedErrors">>;

const FAILURES: Readonly<Record<DnsOutcome, readonly [code: FailureCode, words: string]>> = {
  found: ["dns_not_found", "what there is cannot be used"],
  no_data: ["dns_not_found", "the name exists, without such a record"],
  no_such_name: ["dns_not_found", "the name does not exist"],
  server_failure: ["dns_failure", "the name server failed (SERVFAIL)"],
  refused: ["dns_failure", "the name server refused the query (REFUSED)"],
  unusable_reply: ["dns_failure", "the name server's reply cannot be used"],
  unreachable: ["dns_failure", "no name server could be reached"],
  timeout: ["timeout", "no name server answered in time"],
};
