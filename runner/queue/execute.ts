import type { Job } from "../../schemas/job-event.js";
import { accept } from "../harness/accept.js";
import type { LoadedProbe } from "../harness/registry.js";
import { type Report, runLoaded } from "../harness/run.js";
import type { Asked } from "../harness/version.js";
import { RunTargets, type TargetPolicy } from "../run/run-targets.js";
import { RequestError } from "../support/request-error.js";
import type { Delivery, Outcome, SettleAnswer } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { readJob } from "./job.js";
import { RunMemory } from "./job-memory.js";
import type { KnownProbes } from "./known-probes.js";
import { type FailureReason, type LastFailure, lastFailure } from "./last-failure.js";
import { plainSecrets, referencesIn } from "./plain-secrets.js";
import { resultMessage } from "./result.js";

export interface Means {
  readonly probes: Pick<KnownProbes, "get">;
  /** Whether jobs may have this reference (env:NAME, file:PATH, command:…) looked up here. */
  mayResolve(reference: string): boolean | Promise<boolean>;
  /** What jobs may connect to; null: anything. */
  readonly targets: TargetPolicy | null;
  /** Resolves when the job may run, with how to say that it has ended; null: it is to be given back. Without it, jobs run at once. */
  enter?(loaded: LoadedProbe, key: string | null, weight: number): Promise<(() => void) | null>;
  /** Stores what a run keeps for the next run of its job. */
  keep(delivery: Delivery, text: string): Promise<SettleAnswer>;
}

/** What came of a job: how it is settled, and the report where there is one. */
export interface Executed {
  readonly outcome: Outcome;
  readonly report: Report | null;
}

/** Processes one job. Never rejects: anything that goes wrong is an outcome, also while the job is read. */
export async function execute(delivery: Delivery, means: Means, signal: AbortSignal): Promise<Executed> {
  const job = readable(() => readJob(delivery.body));
  if (typeof job === "string") return dead("poisoned", job);
  if (delivery.attempt > job.max_attempts) {
    const last = delivery.lastFailure ?? lastFailure("worker_died", `${job.max_attempts} workers took it, and none of them came back`);
    return { outcome: { kind: "dead", failure: last }, report: null };
  }
  try {
    return await performed(delivery, job, means, signal);
  } catch (error) {
    if (signal.aborted) return { outcome: { kind: "release" }, report: null };
    const failure = lastFailure(reasonOf(error), textOf(error));
    if (failure.reason === "poisoned") return { outcome: { kind: "dead", failure }, report: null };
    return { outcome: again(delivery, job, failure) ?? { kind: "dead", failure }, report: null };
  }
}

/** What a reader throws is wrong with what it reads. */
export function readable<Result>(read: () => Result): Result | string {
  try {
    return read();
  } catch (error) {
    return `it cannot be read: ${textOf(error)}`;
  }
}

async function performed(delivery: Delivery, job: Job, means: Means, signal: AbortSignal): Promise<Executed> {
  const loaded = await means.probes.get(job.probe);
  const refused = await refusal(loaded, job, means);
  if (refused !== null) return refused;
  const isRetried = job.retry_failures && delivery.attempt < job.max_attempts;
  const memory = new RunMemory(delivery, isRetried, (kept, text) => means.keep(kept, text));
  const ended = means.enter === undefined ? undefined : await means.enter(loaded, delivery.key, weightOf(loaded, job));
  if (ended === null) return { outcome: { kind: "release" }, report: null };
  const targets = means.targets === null ? undefined : new RunTargets(means.targets);
  const options = { signal, memory, ...(targets === undefined ? {} : { targets }) };
  let report: Report;
  try {
    report = await runLoaded(loaded, askedBy(job), job.input, options);
  } catch (error) {
    if (targets === undefined || targets.refusals.size === 0 || signal.aborted) throw error;
    return deadOfTargets(targets, null);
  } finally {
    ended?.();
  }
  // What an abort left of the evidence is no result: another worker runs the whole job.
  if (signal.aborted) return { outcome: { kind: "release" }, report: null };
  if (targets !== undefined && isEndedBy(targets, report)) return deadOfTargets(targets, report);
  const { laterMs } = memory;
  const ofJob = { id: delivery.id, attempt: delivery.attempt, priority: job.priority };
  if (laterMs !== null) return { outcome: { kind: "later", afterMs: laterMs, result: resultMessage(report, { ...ofJob, part: delivery.part }) }, report };
  const { failure } = report.carried;
  if (job.retry_failures && failure?.retryable === true) {
    const retry = again(delivery, job, lastFailure("target_failed", `${failure.phase}: ${failure.code}: ${failure.message}`), memory.notBeforeMs);
    if (retry !== null) return { outcome: retry, report };
  }
  return { outcome: { kind: "done", result: resultMessage(report, { ...ofJob, part: null }) }, report };
}

function askedBy({ probe, version }: Job): Asked {
  return { name: probe, version };
}

/** Rejects what the probe's contract refuses, as the run would. */
function weightOf(loaded: LoadedProbe, job: Job): number {
  const { weight } = loaded.probe;
  return weight === undefined ? 1 : weight(accept(loaded, askedBy(job), job.input).filled as never);
}

async function refusal(loaded: LoadedProbe, job: Job, means: Means): Promise<Executed | null> {
  const plain = plainSecrets(loaded, job.version, job.input);
  if (plain.length > 0) return dead("poisoned", `${plain.map(({ pointer }) => pointer).join(", ")}: a secret in plain text`);
  const forbidden: string[] = [];
  for (const reference of referencesIn(loaded, job.version, job.input)) if (!(await means.mayResolve(reference))) forbidden.push(reference);
  if (forbidden.length === 0) return null;
  return dead("refused", `it asks for ${forbidden.join(", ")}, which this worker may not look up: start it with --allow-secret, and retry the dead letter`);
}

/** What was refused decided the run if the run reached nothing, or failed. A job that got on with another address is done. */
function isEndedBy({ refusals }: RunTargets, { carried: { status, ip_address: reached } }: Report): boolean {
  return refusals.size > 0 && (reached === null || status === "error");
}

function deadOfTargets({ refusals }: RunTargets, report: Report | null): Executed {
  const what = [...refusals].join("; ");
  const failure = lastFailure("refused", `it connects to what this worker may not: ${what}. Start it with --allow-target, and retry the dead letter`);
  return { outcome: { kind: "dead", failure }, report };
}

/** Null when it has had all its attempts. What the target asked for counts beyond the longest wait, too. */
function again({ attempt }: Delivery, job: Job, failure: LastFailure, notBeforeMs = 0): Outcome | null {
  if (attempt >= job.max_attempts) return null;
  return { kind: "retry", afterMs: Math.max(notBeforeMs, backoffMs(attempt, job.backoff_ms, job.backoff_most_ms)), failure };
}

function dead(reason: FailureReason, message: string): Executed {
  return { outcome: { kind: "dead", failure: lastFailure(reason, message) }, report: null };
}

/** An input that its contract refuses never fits. What this worker does not know or find, another may. */
function reasonOf(error: unknown): FailureReason {
  return error instanceof RequestError && error.code === "invalid_input" ? "poisoned" : "worker_error";
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const violations = error instanceof RequestError ? error.violations.map(({ pointer, message }) => `${pointer} ${message}`.trim()) : [];
  return [error.message, ...violations].join("; ");
}
