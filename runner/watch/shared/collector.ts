import type { Carried } from "../../../schemas/carried.js";
import type { ResultEvent } from "../../../schemas/result-event.js";
import { consumableChannel } from "../../queue/consume.js";
import { type ClaimedEvent, Consumer } from "../../queue/consumer.js";
import type { Queue } from "../../queue/queue.js";
import type { SharedLog } from "../../queue/shared-log.js";
import { mismatches } from "../../suite/judge.js";
import { seenCertificates } from "../certificates/seen-certificates.js";
import type { WatchedCheck } from "../watch-plan.js";
import { type Entry, encode, type ReportedRun } from "./entries.js";
import { slotOfJob } from "./slot-jobs.js";

const PREFETCH = 500;
const LEASE_MS = 10_000;
/** A run with more operations is not drawn to its end, and a longer text is cut: the log holds those of an hour. */
const MOST = { operations: 200, name: 100, message: 500 } as const;

export interface CollectorOptions {
  readonly checks: ReadonlyMap<string, WatchedCheck>;
  readonly log: SharedLog;
  readonly signal: AbortSignal;
  onTrouble(error: unknown): void;
}

/** Takes the results of one location's workers into the log. A result is taken from its queue after the log has it: it may be there twice. */
export async function collect(location: string, queue: Queue, options: CollectorOptions): Promise<void> {
  const { signal, onTrouble, log } = options;
  const consumer = new Consumer(consumableChannel(queue), { prefetch: PREFETCH, leaseMs: LEASE_MS, signal, onTrouble });
  const seen = new Map<string, string>();
  try {
    for (let claimed = await consumer.claim(); claimed !== null; claimed = await consumer.claim()) {
      const entries = claimed.flatMap(({ event }) => reportOf(event as ResultEvent, location, options.checks, seen));
      try {
        await log.append(entries.map(encode));
        await Promise.all(claimed.map((event) => event.ack()));
      } catch (error) {
        onTrouble(error);
        await Promise.all(claimed.map((event: ClaimedEvent) => event.release().catch(() => "lost")));
      }
    }
  } finally {
    await consumer.end();
  }
}

/** Nothing for the result of another suite, or of a check that the file no longer has. */
function reportOf(event: ResultEvent, location: string, checks: CollectorOptions["checks"], seen: Map<string, string>): Entry[] {
  const slot = slotOfJob(String((event as { jobid?: unknown }).jobid));
  const check = slot === null ? undefined : checks.get(slot.key);
  if (slot === null || check === undefined) return [];
  const carried = event.data as unknown as Carried;
  const { expect } = check.planned.check;
  const reasons = mismatches(expect, carried, event.data).map(({ message }) => message);
  const isWarning = carried.status === "warning" && expect?.status !== "warning";
  const outcome = reasons.length > 0 ? "error" : isWarning ? "warning" : "ok";
  const report = {
    location,
    outcome,
    durationMs: carried.duration_ms,
    reason: reasons.length === 0 ? null : reasons.join("; "),
    output: outcome === "error" ? JSON.stringify(event.data) : null,
    run: runOf(carried),
  } as const;
  return [{ kind: "report", ...slot, ...report, certificates: newCertificates(check.key, event.data, seen) }];
}

function runOf({ status, failure, operations = [] }: Carried): ReportedRun {
  return {
    status,
    failure: failure === null ? null : { phase: failure.phase, code: failure.code, message: failure.message.slice(0, MOST.message) },
    operations: operations.slice(0, MOST.operations).map(({ name, at_ms, duration_ms }) => ({ name: name.slice(0, MOST.name), at_ms, duration_ms })),
  };
}

/** Certificates change rarely: they are reported when this collector has not seen them before. */
function newCertificates(key: string, output: unknown, seen: Map<string, string>) {
  const certificates = seenCertificates(output);
  const all = certificates.map(({ fingerprint }) => fingerprint).join();
  if (seen.get(key) === all) return [];
  seen.set(key, all);
  return certificates;
}
