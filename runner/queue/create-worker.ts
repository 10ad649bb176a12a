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
  /** End when the queue is empty. */
  readonly drain?: boolean;
  /** By default each probe's own limits hold within this process, for example those of mail.rcpt. */
  readonly limits?: Limits;
  /** Milliseconds until a job becomes available to others if its worker dies (30,000). */
  readonly leaseMs?: number;
  /** Probes besides the built-in ones: files or packages. */
  readonly probes?: readonly string[];
  /**
   * The references that jobs may use: `env:SMTP_*`, `file:/run/secrets/*`, `command:pass show mail/*`. A star matches any text without a slash or
   * white space; paths are compared after symbolic links have been resolved, commands argument by argument. By default all of them for a queue that
   * is a local file, and none for a broker: anyone who can write to it could read this worker's secrets.
   */
  readonly allowSecrets?: readonly string[];
  /**
   * What jobs may connect to, and which name servers they may use: `public`, an address, a range, a host name or `*.example.org`. By default
   * anything, except private addresses if `denyPrivate` is true.
   */
  readonly allowTargets?: readonly string[];
  /**
   * Allows private addresses (every address that is not global) only if `allowTargets` lists them as an address or a range. False by default for a
   * queue that is a local file; always true for a broker: anyone who can write to it could reach this worker's network.
   */
  readonly denyPrivate?: boolean;
  /** The place of this worker, which its results name. */
  readonly location?: string;
  /** A queue that receives the results. By default they go to the same queue as the jobs. */
  readonly results?: Queue;
  /** Called with each error of the store that is retried. */
  readonly onTrouble?: (error: unknown) => void;
}

/** A worker for the jobs of a queue: run() starts it, stop() ends it. */
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
    location: options.location ?? null,
    onTrouble: options.onTrouble ?? (() => undefined),
  });
}

/** Null: no restriction. */
function targetsOf({ allowTargets = [], denyPrivate = false }: WorkerOptions, isLocal: boolean): TargetPolicy | null {
  const isPrivateDenied = denyPrivate || !isLocal;
  return isPrivateDenied || allowTargets.length > 0 ? allowedTargets(allowTargets, isPrivateDenied) : null;
}
