import type { Job } from "../../schemas/job-event.js";
import { accept } from "../harness/accept.js";
import { needsResolving } from "../harness/reference-paths.js";
import type { LoadedProbe } from "../harness/registry.js";
import { type Report, runLoaded } from "../harness/run.js";
import type { Asked } from "../harness/version.js";
import type { Cancellation } from "../run/cancellation.js";
import { RunTargets, type TargetPolicy } from "../run/run-targets.js";
import { RequestError } from "../support/request-error.js";
import type { LeasedMessage, Outcome, SettleAnswer } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { readJob } from "./job.js";
import { RunMemory } from "./job-memory.js";
import type { KnownProbes } from "./known-probes.js";
import { type FailureReason, type LastFailure, lastFailure } from "./last-failure.js";
import { plainSecrets, referencesIn } from "./plain-secrets.js";
import { type JobOfResult, resultMessage } from "./result.js";

export interface JobContext {
  readonly probes: Pick<KnownProbes, "get">;
  /** Whether jobs may resolve this reference (env:NAME, file:PATH, command:…). */
  mayResolve(reference: string): boolean | Promise<boolean>;
  /** What jobs may connect to; null: anything. */
  readonly targets: TargetPolicy | null;
  /** The place of this worker, which its results name; null: none. */
  readonly location?: string | null;
  /** When the job may run: a function to call at its end, or null if the job is to be released. Without it, jobs start at once. */
  acquireSlot?(loaded: LoadedProbe, key: string | null, weight: number): Promise<(() => void) | null> | (() => void);
  /** Stores a state for the next run of the job. */
  saveState(message: LeasedMessage, state: string): Promise<SettleAnswer>;
}

/** How a job is to be settled, and its report if it has one. */
export interface ExecutedJob {
  readonly outcome: Outcome;
  readonly report: Report | null;
}

/** Processes one job. Never rejects: every error is an outcome, including those of reading the job. */
export async function execute(message: LeasedMessage, context: JobContext, cancellation: Cancellation): Promise<ExecutedJob> {
  const job = readSafely(() => readJob(message.body));
  if (typeof job === "string") return deadJob("poisoned", job);
  if (job.not_after !== null && Date.now() > Date.parse(job.not_after)) return { outcome: { kind: "done", result: null }, report: null };
  if (message.attempt > job.max_attempts) {
    const failure = message.lastFailure ?? lastFailure("worker_died", `${job.max_attempts} workers claimed it and died`);
    return { outcome: { kind: "dead", failure }, report: null };
  }
  try {
    return await runJob(message, job, context, cancellation);
  } catch (error) {
    if (cancellation.isCancelled) return { outcome: { kind: "release" }, report: null };
    const failure = lastFailure(reasonOf(error), textOf(error));
    if (failure.reason === "poisoned") return { outcome: { kind: "dead", failure }, report: null };
    return { outcome: retryOutcome(message, job, failure) ?? { kind: "dead", failure }, report: null };
  }
}

/** An exception while a message is read means that the message is invalid. */
export function readSafely<Result>(read: () => Result): Result | string {
  try {
    return read();
  } catch (error) {
    return `it cannot be read: ${textOf(error)}`;
  }
}

async function runJob(message: LeasedMessage, job: Job, context: JobContext, cancellation: Cancellation): Promise<ExecutedJob> {
  const loaded = await context.probes.get(job.probe);
  const refused = mayHoldReferences(loaded, job) ? await refusedJob(loaded, job, context) : null;
  if (refused !== null) return refused;
  const isRetried = job.retry_failures && message.attempt < job.max_attempts;
  const memory = new RunMemory(message, isRetried, (leased, state) => context.saveState(leased, state));
  const releaseSlot = context.acquireSlot === undefined ? undefined : await context.acquireSlot(loaded, message.key, weightOf(loaded, job));
  if (releaseSlot === null) return { outcome: { kind: "release" }, report: null };
  const targets = context.targets === null ? undefined : new RunTargets(context.targets);
  const options = { cancellation, memory, ...(targets === undefined ? {} : { targets }) };
  let report: Report;
  try {
    report = await runLoaded(loaded, askedBy(job), job.input, options);
  } catch (error) {
    if (targets === undefined || targets.refusals.size === 0 || cancellation.isCancelled) throw error;
    return deadForTargets(targets, null);
  } finally {
    releaseSlot?.();
  }
  // Partial evidence of an aborted run is not a result: another worker runs the whole job.
  if (cancellation.isCancelled) return { outcome: { kind: "release" }, report: null };
  if (targets !== undefined && isDecidedBy(targets, report)) return deadForTargets(targets, report);
  const { laterMs } = memory;
  const ofJob = (part: number | null): JobOfResult => ({
    id: message.id,
    attempt: message.attempt,
    priority: job.priority,
    part,
    location: context.location ?? null,
  });
  if (laterMs !== null) return { outcome: { kind: "later", afterMs: laterMs, result: resultMessage(report, ofJob(message.part)) }, report };
  const { failure } = report.carried;
  if (job.retry_failures && failure?.retryable === true) {
    const retry = retryOutcome(message, job, lastFailure("target_failed", `${failure.phase}: ${failure.code}: ${failure.message}`), memory.notBeforeMs);
    if (retry !== null) return { outcome: retry, report };
  }
  return { outcome: { kind: "done", result: resultMessage(report, ofJob(null)) }, report };
}

function askedBy({ probe, version }: Job): Asked {
  return { name: probe, version };
}

/** Throws if the input does not fit the probe's contract, as the run would. */
function weightOf(loaded: LoadedProbe, job: Job): number {
  const { weight } = loaded.probe;
  return weight === undefined ? 1 : weight(accept(loaded, askedBy(job), job.input).filled as never);
}

/** Most inputs hold neither a secret nor a reference. */
function mayHoldReferences({ references }: LoadedProbe, { version, input }: Job): boolean {
  return (references[version] ?? []).some((path) => needsResolving(input, path));
}

async function refusedJob(loaded: LoadedProbe, job: Job, context: JobContext): Promise<ExecutedJob | null> {
  const plain = plainSecrets(loaded, job.version, job.input);
  if (plain.length > 0) return deadJob("poisoned", `${plain.map(({ pointer }) => pointer).join(", ")}: a secret in plain text`);
  const forbidden: string[] = [];
  for (const reference of referencesIn(loaded, job.version, job.input)) if (!(await context.mayResolve(reference))) forbidden.push(reference);
  if (forbidden.length === 0) return null;
  return deadJob("refused", `it uses ${forbidden.join(", ")}, which this worker does not allow: start it with --allow-secret, and retry the dead letter`);
}

/** A refused target decided the outcome if the run connected to nothing or failed. A job that succeeded with another address is done. */
function isDecidedBy({ refusals }: RunTargets, { carried: { status, ip_address: reached } }: Report): boolean {
  return refusals.size > 0 && (reached === null || status === "error");
}

function deadForTargets({ refusals }: RunTargets, report: Report | null): ExecutedJob {
  const what = [...refusals].join("; ");
  const failure = lastFailure(
    "refused",
    `it connects to a target that this worker does not allow: ${what}. Start it with --allow-target, and retry the dead letter`,
  );
  return { outcome: { kind: "dead", failure }, report };
}

/** Null after the last attempt. A delay that the target asked for may exceed the longest back-off. */
function retryOutcome({ attempt }: LeasedMessage, job: Job, failure: LastFailure, notBeforeMs = 0): Outcome | null {
  if (attempt >= job.max_attempts) return null;
  return { kind: "retry", afterMs: Math.max(notBeforeMs, backoffMs(attempt, job.backoff_ms, job.backoff_most_ms)), failure };
}

function deadJob(reason: FailureReason, message: string): ExecutedJob {
  return { outcome: { kind: "dead", failure: lastFailure(reason, message) }, report: null };
}

/** An input that violates its contract will never fit it. Anything else that is missing here may exist on another worker. */
function reasonOf(error: unknown): FailureReason {
  return error instanceof RequestError && error.code === "invalid_input" ? "poisoned" : "worker_error";
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof RequestError)) return error.message;
  return [error.summary, ...error.violations.map(({ pointer, message }) => `${pointer} ${message}`.trim())].join("; ");
}
