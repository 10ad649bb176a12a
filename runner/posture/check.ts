import type { Advice, Area, Check, CheckEvidence, RecordChange, Verdict } from "../../schemas/check.js";
import type { Finding } from "../../schemas/finding.js";
import { finding } from "../run/judge.js";

/** What the checks of one rule have in common. */
export interface Rule {
  readonly id: string;
  readonly area: Area;
  readonly spec: string | null;
}

export interface CheckDetails {
  readonly evidence?: readonly CheckEvidence[];
  readonly advice?: Advice | null;
}

export function check({ id, area, spec }: Rule, verdict: Verdict, message: string, { evidence = [], advice = null }: CheckDetails = {}): Check {
  return { id, area, verdict, message, spec, evidence: [...evidence], advice };
}

export function advice(
  why: string,
  change: readonly RecordChange[] = [],
  { waitFor = null, risk = null }: { waitFor?: string | null; risk?: string | null } = {},
): Advice {
  return { why, change: [...change], wait_for: waitFor, risk };
}

/** A finding knows only what is wrong: the checks that are neither good nor unknown. */
export function findingsOf(checks: readonly Check[]): Finding[] {
  return checks.flatMap(({ id, verdict, message, spec }) => {
    if (verdict !== "warning" && verdict !== "error") return [];
    return [finding(verdict, id.replaceAll(".", "_").replaceAll("-", "_"), spec === null ? message : `${message} (${spec})`)];
  });
}

const SEVERITY: Readonly<Record<Verdict, number>> = { error: 5, warning: 4, unknown: 3, notice: 2, pass: 1, not_applicable: 0 };

/** The worst first; of equal ones, the order in which they were found. */
export function bySeverity(checks: readonly Check[]): Check[] {
  return [...checks].sort((one, other) => SEVERITY[other.verdict] - SEVERITY[one.verdict]);
}
