import type { X509Certificate } from "node:crypto";
import { isCertain } from "../../net/dns/answer.js";
import type { RecordType } from "../../net/dns/records.js";
import { findTlsa } from "../../tls-policy/dane/look-up.js";
import { matches, showTlsa, USAGES, usableTlsa } from "../../tls-policy/dane/tlsa.js";
import { daneViolation } from "../../tls-policy/dane/verify.js";
import type { Tlsa } from "../../tls-policy/policy.js";
import type { IsBogus } from "../dnssec/examine.js";
import type { HostFacts } from "../hosts/meet.js";
import type { Questions } from "../questions.js";

export const DANE_STATES = ["secure", "no_match", "unusable", "insecure", "absent", "unknown"] as const;
export type DaneState = (typeof DANE_STATES)[number];

export interface DaneFacts {
  readonly host: string;
  /** secure: a usable record matches. insecure: DNSSEC does not vouch for the host, so that records, if there are any, have no effect. */
  readonly state: DaneState;
  readonly owner: string;
  /** As master files show them. */
  readonly records: readonly string[];
  /** The records that senders can go by. */
  readonly usable: number;
  /** Some usable record names an authority (usage 2). */
  readonly names_authority: boolean;
  /** A usable record stands for a key that the host does not use now. */
  readonly has_next_key: boolean;
  /** The failure goes away when validation is switched off: the records, or the addresses of the host, are bogus. */
  readonly is_bogus: boolean;
  /** The question that decided. */
  readonly decided_by: { readonly name: string; readonly type: RecordType };
  readonly offers_tls: boolean | null;
  /** DNSSEC vouches for the MX records that name the host; null if that is not known. */
  readonly is_route_signed: boolean | null;
  readonly reason: string | null;
}

export interface DaneQuestion {
  readonly host: string;
  readonly port: number;
  readonly isRouteSigned: boolean | null;
  /** For records of authorities, the certificate may name the host or one of these (RFC 7672, 3.2.2). */
  readonly names: readonly string[];
  /** What the host showed; null when it was not asked. */
  readonly met: Pick<HostFacts, "starttls" | "chain" | "failure"> | null;
  /** Whether the answer exists with validation switched off; null when that is not known. */
  readonly isBogus: IsBogus;
  readonly now: Date;
}

export async function examineDane(question: DaneQuestion, questions: Questions): Promise<DaneFacts> {
  const { host, port } = question;
  const found = await findTlsa(questions.ask, host, port);
  const owner = found.kind === "records" ? found.owner : `_${port}._tcp.${host}`;
  const about = {
    host,
    owner,
    records: [],
    usable: 0,
    names_authority: false,
    has_next_key: false,
    is_bogus: false,
    decided_by: { name: owner, type: "TLSA" as const },
    offers_tls: offersTls(question),
    is_route_signed: question.isRouteSigned,
  };
  if (found.kind === "records") return { ...about, ...compare(found.records, found.base, question) };
  const answer = await questions.ask(owner, "TLSA");
  const records = answer.records.map(showTlsa);
  if (found.kind === "unknown") {
    const { name, type, reason } = found;
    return { ...about, records, state: "unknown", is_bogus: (await question.isBogus(name, type)) === true, decided_by: { name, type }, reason };
  }
  // RFC 7672, 2.2.2: senders do not look for records of a host whose addresses are not signed. Some servers of unsigned zones fail at the question.
  if (!isCertain(answer)) return { ...about, state: "insecure", reason: found.reason };
  return { ...about, records, state: records.length > 0 ? "insecure" : "absent", reason: records.length > 0 ? "DNSSEC does not vouch for the records" : null };
}

function offersTls({ met }: DaneQuestion): boolean | null {
  if (met === null || met.starttls === "unknown") return null;
  return met.starttls !== "not_offered";
}

type Compared = Pick<DaneFacts, "state" | "records" | "usable" | "names_authority" | "has_next_key" | "reason">;

function compare(records: readonly Tlsa[], base: string, { met, names, now }: DaneQuestion): Compared {
  const usable = usableTlsa(records);
  const chain = met?.chain ?? [];
  const about = {
    records: records.map(showTlsa),
    usable: usable.length,
    names_authority: usable.some(({ usage }) => usage === USAGES.trustAnchor),
    has_next_key: hasNextKey(usable, chain),
    reason: null,
  };
  if (usable.length === 0)
    return { ...about, state: "unusable", reason: "no record has a usage, selector, matching type and length that senders of mail can use" };
  if (met === null) return { ...about, state: "unknown", reason: "the host was not asked for its certificate" };
  if (met.starttls !== "secured") return { ...about, state: "unknown", reason: met.failure?.message ?? "the host offers no STARTTLS" };
  const violation = daneViolation(usable, chain, [base, ...names], now.getTime());
  return violation === null ? { ...about, state: "secure" } : { ...about, state: "no_match", reason: violation.message };
}

/** RFC 7671, 8.1: the record of the next key stands beside the present one before the key changes. A second record of the same key does not count. */
function hasNextKey(usable: readonly Tlsa[], [leaf]: readonly X509Certificate[]): boolean {
  const own = usable.filter(({ usage }) => usage === USAGES.endEntity);
  return leaf !== undefined && own.length > 1 && own.some((record) => !matches(record, leaf));
}
