import type { Limits } from "../limits/limits.js";
import type { TargetPolicy } from "../run/run-targets.js";
import { allowedReferences, everyReference } from "./allowed-references.js";
import { allowedTargets } from "./allowed-targets.js";
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
   * References that jobs may have looked up: `env:SMTP_*`, `file:/run/secrets/*`, `command:pass show mail/*`. A star stands for any text
   * without a slash or white space; symbolic links are resolved before paths are compared, commands are compared argument by argument. By
   * default all from a queue that is a file of this machine, and none from a broker: anyone who can write to it could read this worker's secrets.
   */
  readonly allowSecrets?: readonly string[];
  /**
   * What jobs may connect to, and which name servers they may name: `public`, an address, a range, a host name or `*.example.org`. By default
   * anything, without the private addresses if `denyPrivate` is true.
   */
  readonly allowTargets?: readonly string[];
  /**
   * Leaves private addresses (every address that is not global) only to those of `allowTargets` that are addresses or ranges. False by default from a
   * queue that is a file of this machine; always true for a broker: anyone who can write to it could reach this worker's network.
   */
  readonly denyPrivate?: boolean;
  /** Where results go, when not to the same queue: another queue's results. */
  readonly results?: Queue;
  /** Is told of what went wrong with the store and is tried again. */
  readonly onTrouble?: (error: unknown) => void;
}

/** A worker for the jobs of a queue. It begins with run(), and ends with stop(). */
export async function createWorker(queue: Queue, options: WorkerOptions = {}): Promise<Worker> {
  const isLocal = queue.address.startsWith("sqlite:");
  return new Worker({
    jobs: queue.jobs,
    results: options.results?.results ?? null,
    concurrency: options.concurrency ?? 16,
    leaseMs: options.leaseMs ?? 30_000,
    limits: options.limits ?? null,
    drain: options.drain ?? false,
    waitMs: 1000,
    probes: await KnownProbes.load(options.probes ?? []),
    mayResolve: options.allowSecrets === undefined && isLocal ? everyReference : allowedReferences(options.allowSecrets ?? []),
    targets: targetsOf(options, isLocal),
    onTrouble: options.onTrouble ?? (() => undefined),
  });
}

/** Null: anything. */
function targetsOf({ allowTargets = [], denyPrivate = false }: WorkerOptions, isLocal: boolean): TargetPolicy | null {
  const isPrivateDenied = denyPrivate || !isLocal;
  return isPrivateDenied || allowTargets.length > 0 ? allowedTargets(allowTargets, isPrivateDenied) : null;
}
