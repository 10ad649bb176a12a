import { type Report, runReport } from "../harness/run.js";
import { mismatches } from "../suite/judge.js";
import { probeName } from "../suite/probe-name.js";
import { errorText } from "../support/request-error.js";
import type { Outcome } from "./state.js";
import type { WatchedCheck } from "./watch-plan.js";

/** What became of one run of a check. */
export interface Ran {
  readonly outcome: Extract<Outcome, "ok" | "warning" | "error" | "unknown">;
  /** Null: the run could not be made. */
  readonly report: Report | null;
  /** What is not as expected, on one line each; why it could not be made. */
  readonly reasons: readonly string[];
  readonly isCancelled: boolean;
}

/** Runs a check, and judges it by what the suite expects. A run that cannot be made says nothing of its target. */
export async function runCheck({ planned }: WatchedCheck, signal: AbortSignal): Promise<Ran> {
  const { check, input, timeoutMs } = planned;
  try {
    const report = await runReport(probeName(check.probe, planned.file), input, { signal, ...(timeoutMs === null ? {} : { timeoutMs }) });
    const { carried } = report;
    const reasons = mismatches(check.expect, carried, report.envelope.output).map(({ message }) => message);
    const isCancelled = carried.failure?.code === "cancelled";
    const isWarning = carried.status === "warning" && check.expect?.status !== "warning";
    return { outcome: reasons.length > 0 ? "error" : isWarning ? "warning" : "ok", report, reasons, isCancelled };
  } catch (error) {
    return { outcome: "unknown", report: null, reasons: [errorText(error)], isCancelled: signal.aborted };
  }
}
