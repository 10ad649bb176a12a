import type { Limits } from "../limits/limits.js";
import { KnownProbes } from "./known-probes.js";
import type { Queue } from "./queue.js";
import { Worker } from "./worker.js";

export interface WorkerOptions {
  /** How many jobs run at once (16). */
  readonly concurrency?: number;
  /** Ends when nothing is left to do. */
  readonly drain?: boolean;
  /** By default those that probes bring with them, within this process: mail.rcpt is slow by itself. */
  readonly limits?: Limits;
  /** How long a job stays away from others when its worker dies (30,000). */
  readonly leaseMs?: number;
  /** Probes beside ours and those of the configuration: files or packages. */
  readonly probes?: readonly string[];
  /**
   * References that jobs may have looked up: `env:SMTP_*`, `file:/run/secrets/*`. A star stands for any text. By default all
   * from a queue that is a file of this machine, and none from a broker: whoever can write to it must not read this worker's secrets.
   */
  readonly allowSecrets?: readonly string[];
  /** Where results go, when not to the same queue: another queue's results. */
  readonly results?: Queue;
  /** Is told of what went wrong with the store and is tried again. */
  readonly onTrouble?: (error: unknown) => void;
}

/** A worker for the jobs of a queue. It begins with run(), and ends with stop(). */
export async function createWorker(queue: Queue, options: WorkerOptions = {}): Promise<Worker> {
  const allowed = (options.allowSecrets ?? (queue.address.startsWith("sqlite:") ? ["*"] : [])).map(patternOf);
  return new Worker({
    jobs: queue.jobs,
    results: options.results?.results ?? null,
    concurrency: options.concurrency ?? 16,
    leaseMs: options.leaseMs ?? 30_000,
    limits: options.limits ?? null,
    drain: options.drain ?? false,
    waitMs: 1000,
    probes: await KnownProbes.load(options.probes ?? []),
    mayResolve: (reference) => allowed.some((pattern) => pattern.test(reference)),
    onTrouble: options.onTrouble ?? (() => undefined),
  });
}

function patternOf(written: string): RegExp {
  const parts = written.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
