import { failureOfAnswer, isCertain, zoneOf } from "../../net/dns/answer.js";
import { extendedErrorText } from "../../net/dns/extended-error.js";
import type { RecordType } from "../../net/dns/records.js";
import type { Questions } from "../questions.js";

export const DNSSEC_STATES = ["signed", "unsigned", "bogus", "unknown"] as const;

export interface DnssecFacts {
  readonly name: string;
  readonly state: (typeof DNSSEC_STATES)[number];
  readonly reason: string | null;
  /** The type of the records that decided. */
  readonly decided_by: RecordType;
}

/** Whether the answer exists with validation switched off; null when that cannot be found out. */
export type IsBogus = (name: string, type: RecordType) => Promise<boolean | null>;

/**
 * What the name servers say of a zone: they validate, and the path to them is trusted. `types` are records of the name of which mail needs one: they
 * may have wrong signatures in a zone that is otherwise in order.
 */
export async function examineDnssec(name: string, types: readonly RecordType[], questions: Questions, isBogus: IsBogus): Promise<DnssecFacts> {
  for (const type of ["SOA", ...(await failing(name, types, questions))] as const) {
    const { outcome, extendedErrors } = await questions.ask(name, type);
    if (outcome !== "server_failure" || (await isBogus(name, type)) !== true) continue;
    const what = ["SERVFAIL", ...extendedErrors.map(extendedErrorText)].join(", ");
    const reason = `the name server fails for its ${type} records (${what}), and answers with validation switched off`;
    return { name, state: "bogus", reason, decided_by: type };
  }
  const answer = await questions.ask(name, "SOA");
  if (!isCertain(answer)) return { name, state: "unknown", reason: failureOfAnswer(answer, `SOA ${name}`).message, decided_by: "SOA" };
  if (answer.authenticated) return { name, state: "signed", reason: null, decided_by: "SOA" };
  return { name, decided_by: "SOA", ...(await stateOfZone(zoneOf(answer) ?? name, questions)) };
}

/** The types without an answer; none if there are records of another one: a host with a valid address is reached. */
async function failing(name: string, types: readonly RecordType[], questions: Questions): Promise<readonly RecordType[]> {
  const answers = await Promise.all(types.map((type) => questions.ask(name, type)));
  return answers.some(({ outcome }) => outcome === "found") ? [] : types;
}

/** For an answer that DNSSEC does not vouch for: NSEC3 may fail to prove that there is no such record in a signed zone (RFC 9276). */
async function stateOfZone(zone: string, questions: Questions): Promise<Pick<DnssecFacts, "state" | "reason">> {
  if ((await questions.ask(zone, "SOA")).authenticated) return { state: "signed", reason: null };
  const delegation = await questions.ask(zone, "DS");
  if (delegation.outcome !== "found") return { state: "unsigned", reason: null };
  // A resolver that does not validate answers both in the same way.
  if (!delegation.authenticated) return { state: "unknown", reason: "the zone has DS records, but the name server does not validate" };
  return { state: "unsigned", reason: `the name server validates, and supports no algorithm of the DS records of ${zone} (RFC 4035, section 5.2)` };
}
