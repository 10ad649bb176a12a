import { isCertain, zoneOf } from "../../net/dns/answer.js";
import { extendedErrorText } from "../../net/dns/extended-error.js";
import type { RecordType } from "../../net/dns/records.js";
import { type Questions, whyUnknown } from "../questions.js";

export const DNSSEC_STATES = ["signed", "unsigned", "bogus", "unknown"] as const;

export interface DnssecFacts {
  readonly name: string;
  readonly state: (typeof DNSSEC_STATES)[number];
  readonly reason: string | null;
}

/** Whether the answer exists with validation switched off; null when that cannot be found out. */
export type IsBogus = (name: string, type: RecordType) => Promise<boolean | null>;

/** What the name servers say of a zone: they validate, and the path to them is trusted. */
export async function examineDnssec(name: string, questions: Questions, isBogus: IsBogus): Promise<DnssecFacts> {
  const answer = await questions.ask(name, "SOA");
  if (answer.outcome === "server_failure" && (await isBogus(name, "SOA")) === true)
    return {
      name,
      state: "bogus",
      reason: `the name server fails (${["SERVFAIL", ...answer.extendedErrors.map(extendedErrorText)].join(", ")}), and answers with validation switched off`,
    };
  if (!isCertain(answer)) return { name, state: "unknown", reason: whyUnknown(answer, `SOA ${name}`) };
  if (answer.authenticated) return { name, state: "signed", reason: null };
  // A name that is no zone of its own: its zone is in the answer.
  const delegation = await questions.ask(zoneOf(answer) ?? name, "DS");
  // A resolver that does not validate answers both in the same way.
  if (delegation.outcome === "found") return { name, state: "unknown", reason: "the zone has DS records, but the name server does not validate" };
  return { name, state: "unsigned", reason: null };
}
