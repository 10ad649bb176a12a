import type { KeyObject } from "node:crypto";
import { DMARC_POLICIES, type DmarcPolicy } from "../../../schemas/dmarc.js";
import { type Answer, failureOfAnswer, isCertain } from "../../net/dns/answer.js";
import type { DataOf, RecordType } from "../../net/dns/records.js";
import { txtText } from "../../net/dns/txt-text.js";
import { readReportRecords } from "../../tls-policy/report-record.js";
import { readStsRecords } from "../../tls-policy/sts/record.js";
import { readKeyRecord } from "../dkim/read-key-record.js";
import { isDmarcRecord, readDmarcRecord } from "../dmarc/read-record.js";
import type { PlannedItem, Topic } from "./plan.js";
import { reverseName } from "./reverse-name.js";

export const VERDICTS = ["ok", "missing", "differs", "unknown"] as const;

/** The relation of the published record to the planned one. */
export interface Compared {
  readonly status: (typeof VERDICTS)[number];
  /** What is there. */
  readonly found: readonly string[];
  /** Why it is not ok, or what else is to be said. */
  readonly detail: string | null;
}

/** What to ask for. A host by another way than a CNAME is as good. */
export function questionOf({ record: { name, type } }: PlannedItem): { name: string; type: RecordType } {
  return { name, type: type === "CNAME" ? "A" : type };
}

/** These are evaluated: see compareSpf(). */
export type SpfTopic = "spf" | "helo";

export type ComparableItem = PlannedItem & { readonly topic: Exclude<Topic, SpfTopic> };

export function isComparable(item: PlannedItem): item is ComparableItem {
  return item.topic !== "spf" && item.topic !== "helo";
}

export function compare(item: ComparableItem, answer: Answer): Compared {
  const { name, type } = questionOf(item);
  if (!isCertain(answer)) return { status: "unknown", found: [], detail: failureOfAnswer(answer, `${type} ${name}`).message };
  if (answer.outcome !== "found") return MISSING;
  const found = answer.records.map((record) => shown(type, record));
  const { status, detail } = COMPARE[item.topic](found, item.record.value, answer);
  return { status, detail, found };
}

const MISSING: Compared = { status: "missing", found: [], detail: null };
const OK: Verdict = { status: "ok", detail: null };

type Verdict = Pick<Compared, "status" | "detail">;
type Compare = (found: readonly string[], planned: string, answer: Pick<Answer, "records">) => Verdict;

const differs = (detail: string): Verdict => ({ status: "differs", detail });
const missing = (detail: string | null = null): Verdict => ({ status: "missing", detail });

const isThere: Compare = (found, planned) => (found.includes(planned) ? OK : differs("it says something else"));

const dkim: Compare = (found, planned) => {
  const { publicKey, findings } = readKeyRecord(found);
  const wanted = readKeyRecord([planned]).publicKey as KeyObject;
  if (publicKey?.equals(wanted) === true) return OK;
  const [first] = findings;
  if (publicKey === null && first?.reason === "no_key_record") return missing();
  return differs(publicKey === null ? (first?.message ?? "it cannot be read") : "it belongs to another key");
};

/** By the policy that receivers apply, as mail.dmarc judges it. */
const dmarc: Compare = (found, planned) => {
  const records = found.filter(isDmarcRecord);
  if (records.length === 0) return missing();
  if (records.length > 1) return differs("there are several DMARC records, so receivers use none of them (RFC 9989, section 4.10)");
  const { policy, is_test: isTest } = readDmarcRecord(records[0] as string);
  if (policy === null) return differs("it has neither a valid policy (p=) nor an address for reports (rua=): it counts for nothing");
  const strictness = (each: DmarcPolicy | null): number => DMARC_POLICIES.indexOf(each ?? "none");
  const applied = strictness(policy) - (isTest ? 1 : 0);
  const wanted = readDmarcRecord(planned).policy;
  if (applied >= strictness(wanted)) return OK;
  return differs(`its policy is ${policy}${isTest ? " with t=y, which is one lower" : ""}, less than ${wanted}`);
};

const COMPARE: Readonly<Record<Exclude<Topic, SpfTopic>, Compare>> = {
  mx: (found, planned) => {
    const hostOf = (text: string): string => text.slice(text.indexOf(" ") + 1);
    return found.map(hostOf).includes(hostOf(planned)) ? OK : differs("mail goes to another host");
  },
  // An IPv6 address has many spellings, its name in ip6.arpa has one.
  address: (found, planned) => isThere(found.map(reverseName), reverseName(planned), { records: [] }),
  ptr: isThere,
  dkim,
  dmarc,
  dmarc_reports: (found) => (found.some(isDmarcRecord) ? OK : missing()),
  mta_sts: (_found, _planned, answer) => {
    const read = readStsRecords(answer.records as readonly DataOf<"TXT">[]);
    return read.kind === "announced" ? OK : read.kind === "none" ? missing() : differs(read.message);
  },
  mta_sts_host: () => OK,
  tls_rpt: (_found, _planned, answer) => {
    const read = readReportRecords(answer.records as readonly DataOf<"TXT">[]);
    return read.kind === "found" ? OK : read.kind === "none" ? missing() : differs(read.message);
  },
  dane: (found, planned) => (found.includes(planned) ? OK : differs("it is for another key, or written another way")),
};

/** As a plan writes it. */
function shown(type: RecordType, record: DataOf<RecordType>): string {
  if (type === "TXT") return txtText(record as DataOf<"TXT">);
  if (type === "MX") {
    const { preference, exchange } = record as DataOf<"MX">;
    return `${preference} ${exchange.toLowerCase().replace(/\.$/, "")}.`;
  }
  if (type === "PTR") return `${String(record).toLowerCase().replace(/\.$/, "")}.`;
  if (type === "TLSA") {
    const { usage, selector, matchingType, certificate } = record as DataOf<"TLSA">;
    return `${usage} ${selector} ${matchingType} ${certificate.toString("hex")}`;
  }
  return String(record);
}
