import type { Failure } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import type { SeenCertificate } from "../certificates/seen-certificates.js";
import type { HeartbeatReport } from "../heartbeats/due-report.js";
import type { Moment } from "../state.js";

/** What pages and histograms need to know of a run. */
export interface ReportedRun {
  readonly status: "ok" | "warning" | "error";
  readonly failure: Pick<Failure, "phase" | "code" | "message"> | null;
  readonly operations: readonly Pick<Operation, "name" | "at_ms" | "duration_ms">[];
}

/** What a worker found of one slot of a check. */
export interface Report {
  readonly location: string;
  /** unknown: it could not be run. */
  readonly outcome: "ok" | "warning" | "error" | "unknown";
  readonly durationMs: number | null;
  readonly reason: string | null;
  /** Of a failure: the queue side of the envelope, as JSON. */
  readonly output: string | null;
  /** Null: it could not be run. */
  readonly run: ReportedRun | null;
}

/** Whose failure a failure is: its check's own, that of a check on which it depends, or this machine's (unknown). */
export interface Cause {
  readonly outcome: "error" | "suppressed" | "unknown";
  readonly why: string | null;
}

const OUTCOMES: readonly Report["outcome"][] = ["ok", "warning", "error", "unknown"];
const CAUSES: readonly Cause["outcome"][] = ["error", "suppressed", "unknown"];

/** The slot of a check, with the epoch in which it began, if there was more than one. */
export interface Slot extends Moment {
  readonly key: string;
}

/** An entry in the log: when it was appended there, by the log's clock. */
export interface Place {
  /** Null: before the first one that was read. */
  readonly id: string | null;
  readonly at: number;
}

/** What watches of one suite append to their log. All of them draw the same conclusions from it, since they read it in the same order. */
export type Entry =
  | ({ readonly kind: "report"; readonly certificates: readonly SeenCertificate[] } & Slot & Report)
  /** No more reports are waited for. */
  | ({ readonly kind: "over" } & Slot)
  /** Of a job that reports itself. */
  | ({ readonly kind: "heartbeat" } & Moment & HeartbeatReport)
  /** Of a slot that failed. The first one counts. */
  | ({ readonly kind: "cause" } & Slot & Cause)
  /** The clock was set back to this moment: a new epoch begins, and what was reported later than now is no longer newer. The key is empty. */
  | { readonly kind: "clock"; readonly key: ""; readonly at: number }
  | Judged;

/** What no report says by itself: a budget is spent too fast, a location is silent or offline, all workers are offline (the watch). */
export interface Judged {
  readonly kind: "judged";
  readonly about: "objective" | "location" | "watch";
  /** Of the watch: empty. */
  readonly key: string;
  readonly at: number;
  /** Null: no longer. */
  readonly reason: string | null;
  /** If it follows from failures of many checks: their keys, and when each began to fail. */
  readonly turned?: readonly (readonly [key: string, since: number])[];
  /** The newest entry from which it follows. */
  readonly after?: string;
}

const ABOUT: readonly Judged["about"][] = ["objective", "location", "watch"];

export function encode(entry: Entry): string {
  return JSON.stringify(entry);
}

/** Null for what no watch wrote. */
export function decode(text: string): Entry | null {
  try {
    const entry = JSON.parse(text) as Entry;
    const isOfSlot = typeof entry.key === "string" && Number.isSafeInteger(entry.at) && isPlaceOrNone((entry as Moment).epoch);
    return isOfSlot && isComplete(entry) ? entry : null;
  } catch {
    return null;
  }
}

function isComplete(entry: Entry): boolean {
  switch (entry.kind) {
    case "over":
    case "clock":
      return true;
    case "judged":
      return ABOUT.includes(entry.about) && isTextOrNull(entry.reason) && (entry.turned === undefined || isTurned(entry.turned)) && isPlaceOrNone(entry.after);
    case "heartbeat":
      return OUTCOMES.includes(entry.outcome) && isTextOrNull(entry.reason) && isNumberOrNull(entry.awaitedFrom);
    case "cause":
      return CAUSES.includes(entry.outcome) && isTextOrNull(entry.why);
    case "report": {
      const { location, outcome, durationMs, reason, output, certificates, run } = entry;
      const hasFacts = isTextOrNull(reason) && isTextOrNull(output) && isNumberOrNull(durationMs) && (run === null || isRun(run));
      return hasFacts && typeof location === "string" && OUTCOMES.includes(outcome) && Array.isArray(certificates);
    }
    default:
      return false;
  }
}

function isTurned(turned: NonNullable<Judged["turned"]>): boolean {
  return Array.isArray(turned) && turned.every((each) => Array.isArray(each) && typeof each[0] === "string" && Number.isSafeInteger(each[1]));
}

function isRun({ status, failure, operations }: ReportedRun): boolean {
  const hasFailure = failure === null || [failure.phase, failure.code, failure.message].every((text) => typeof text === "string");
  return ["ok", "warning", "error"].includes(status) && hasFailure && operations.every(isOperation);
}

function isOperation({ name, at_ms: at, duration_ms: duration }: ReportedRun["operations"][number]): boolean {
  return typeof name === "string" && Number.isFinite(at) && isNumberOrNull(duration);
}

/** As ids of a log are written. */
function isPlaceOrNone(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && /^\d+-\d+$/.test(value));
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || Number.isFinite(value);
}
