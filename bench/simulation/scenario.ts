import type { Limit } from "../../runner/limits/limits.js";

/** The machines that do the work. */
export interface Fleet {
  readonly processes: number;
  /** Processor cores that the processes share. */
  readonly cores: number;
  /** Jobs at once in each process. */
  readonly concurrency: number;
}

/** What a job costs and how often it waits for the network. */
export interface Course {
  /** Processor time of a job, in milliseconds, with the queue's share that grows with the number of jobs. */
  readonly cpuMs: number;
  /** Of a transaction of the store, however many jobs are claimed and results are stored in it. */
  readonly transactionCpuMs: number;
  /** The part of it that keeps the process from other work. The rest is that of other threads, which wait for the disk. */
  readonly transactionHoldMs: number;
  /** What a process needs once, to start and to warm up. */
  readonly startCpuMs: number;
  /** How many times a job waits for the other side. */
  readonly roundTrips: number;
}

/** Sites that behave alike. A site is what a limit counts: one key of the queue. */
export interface SiteGroup {
  readonly name: string;
  readonly sites: number;
  /** Of all sites of the group together; as equal as possible. */
  readonly jobs: number;
  /** The median of a round trip, and how widely round trips spread around it (the sigma of a log-normal distribution). */
  readonly roundTripMs: number;
  readonly spread: number;
  /** What one round trip takes longer than the others: a server that thinks before its answer. */
  readonly thinkMs: number;
  /** That answer comes later by up to this time, evenly spread: jobs that began together do not end together. */
  readonly lateMs: number;
  /** Null: no limit. */
  readonly limit: Limit | null;
  /** The share of sites that accept no connection: a job there ends after `timeoutMs`. */
  readonly silentShare: number;
  /** The share of sites that defer a job the first time (greylisting): it comes back after `deferMs`. */
  readonly greylistShare: number;
}

export interface Scenario {
  readonly name: string;
  readonly course: Course;
  readonly groups: readonly SiteGroup[];
  /** Jobs arrive evenly over this time; 0: all are there at the start. */
  readonly arriveOverMs: number;
  readonly timeoutMs: number;
  /** How long a deferred job waits: from the first to the second value, evenly spread. */
  readonly deferMs: readonly [number, number];
  /** From the transaction of a claim until its jobs run. */
  readonly claimMs: number;
  /** Processor time of a deferred or a failed attempt, as a share of `cpuMs`. */
  readonly shortCpuShare: number;
  readonly seed: number;
}

/** What the simulation observed. Times are in milliseconds. */
export interface Observed {
  readonly jobs: number;
  readonly attempts: number;
  readonly failed: number;
  /** Transactions of the store: claims, and results that were stored without one. */
  readonly transactions: number;
  /** From the start until the last job ended. */
  readonly totalMs: number;
  /** Until 99 % of all jobs had ended. */
  readonly mostMs: number;
  readonly cpuMs: number;
  /** The share of the cores' time that was used until the last job ended. */
  readonly utilization: number;
  /** Of the last attempt of each job. */
  readonly meanRunMs: number;
  /** The middle half of the runs of one group is this wide; the mean of all groups. */
  readonly runSpreadMs: number;
  readonly meanInFlight: number;
  readonly peakInFlight: number;
  /** From the arrival of a job until its first attempt starts. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  /** When the last job of each group ended. */
  readonly groupEndsMs: readonly number[];
}
