import type { Check, RecordChange, Verdict } from "../../schemas/check.js";

/** What to do about one check. */
export interface Step {
  readonly check: string;
  readonly verdict: Verdict;
  readonly why: string;
  /** The record to publish; null where that cannot be derived. */
  readonly record: RecordChange | null;
  readonly wait_for: string | null;
  readonly risk: string | null;
}

export interface OrderedChange extends RecordChange {
  readonly check: string;
  readonly why: string;
  readonly wait_for: string | null;
  readonly risk: string | null;
}

/** SPF and DKIM come before the policy that rests on them; reports come last. */
const ORDER: readonly string[] = ["mx", "dnssec", "spf", "dkim", "sender", "reverse", "blocklist", "dmarc", "tls", "mtasts", "dane", "tlsrpt"];
/** Errors that keep mail away from the domain. */
const LOSSES: readonly string[] = ["mtasts.mx", "dane.tlsa"];
const VERDICTS: readonly Verdict[] = ["error", "warning", "notice"];

/** What to do, the most urgent first, and then by what rests on what. Nothing is advised for what is not known, and a notice needs a record to copy. */
export function stepsOf(checks: readonly Check[]): Step[] {
  const seen = new Set<string>();
  return VERDICTS.flatMap((verdict) => inOrder(checks.filter((each) => each.verdict === verdict))).filter((step) => {
    const { check, verdict, why, record } = step;
    if (record === null && (verdict === "notice" || why === "")) return false;
    const key = record === null ? `${check} ${why}` : `${record.name} ${record.type} ${record.old}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The records to change, in this order; each record once. */
export function changesOf(checks: readonly Check[]): OrderedChange[] {
  return stepsOf(checks).flatMap(({ record, check, why, wait_for, risk }) => (record === null ? [] : [{ ...record, check, why, wait_for, risk }]));
}

function inOrder(checks: readonly Check[]): Step[] {
  const rank = ({ check, verdict }: Step): number => {
    if (verdict === "error" && LOSSES.includes(check)) return -1;
    const at = ORDER.indexOf(check.split(".", 1)[0] as string);
    return at === -1 ? ORDER.length : at;
  };
  return checks.flatMap(stepsOfCheck).sort((one, other) => rank(one) - rank(other));
}

function stepsOfCheck({ id, verdict, advice }: Check): Step[] {
  if (advice === null) return [];
  const { why, change, wait_for, risk } = advice;
  const records = change.length === 0 ? [null] : change;
  return records.map((record) => ({ check: id, verdict, why, record, wait_for, risk }));
}
