import type { ClaimRequest } from "../backend.js";
import type { FetchedJob, JobFetcher } from "./job-fetcher.js";
import type { JobState, Start } from "./job-state.js";
import { type Lease, leaseOf, startingJobOf } from "./leases.js";
import type { QueueAdmin } from "./queue-admin.js";

/** How many jobs one claim fetches. */
const MAX_FETCHED = 500;
/** How many held jobs one claim may skip; the next claim continues after them. */
const MAX_SKIPPED = 5000;
/** How many held jobs are returned to the queue at a time once no key has a limit. */
const MAX_PROMOTED = 1000;

/** Fetches jobs, and returns those that a limit does not allow to start yet. */
export class LeaseTaker {
  constructor(
    readonly fetcher: JobFetcher,
    readonly state: JobState,
    readonly admin: QueueAdmin,
  ) {}

  async take({ max, leaseMs, limits }: ClaimRequest): Promise<{ leases: Lease[]; dueInMs: number }> {
    const leases: Lease[] = [];
    let left = Math.min(max, MAX_FETCHED);
    if (limits.all !== null) {
      const { room, waitMs } = await this.state.room(limits);
      if (room < 1) return { leases, dueInMs: waitMs };
      left = Math.min(left, room);
    }
    let dueInMs = Number.POSITIVE_INFINITY;
    for (let skipped = 0; left > 0 && skipped < MAX_SKIPPED; ) {
      const fetched = await this.fetcher.fetch(left, leaseMs);
      if (fetched.length === 0) break;
      const { starts, promotable } = await this.#start(fetched, { leaseMs, limits });
      const started = await Promise.all(fetched.map((each, index) => this.#leaseOrReturn(each, starts[index] as Start, leaseMs)));
      await this.admin.promote(promotable);
      leases.push(...started.filter((lease) => lease !== null));
      for (const start of starts) if (start.kind !== "run") dueInMs = Math.min(dueInMs, start.waitMs);
      left -= started.filter((lease) => lease !== null).length;
      skipped += starts.filter(({ kind }) => kind === "held").length;
      if (starts.some(({ kind }) => kind === "full")) break;
    }
    const isKeyed = limits.eachKey !== null || Object.keys(limits.keys).length > 0;
    if (leases.length === 0 && !isKeyed && (await this.admin.promote(await this.state.held(MAX_PROMOTED))) > 0) return { leases, dueInMs: 0 };
    return { leases, dueInMs };
  }

  async #start(fetched: readonly FetchedJob[], { leaseMs, limits }: Pick<ClaimRequest, "leaseMs" | "limits">) {
    try {
      return await this.state.start(fetched.map(startingJobOf), leaseMs, limits);
    } catch (error) {
      await Promise.all(fetched.map(({ job, token }) => job.moveToWait(token).catch(() => undefined)));
      throw error;
    }
  }

  async #leaseOrReturn(fetched: FetchedJob, start: Start, leaseMs: number): Promise<Lease | null> {
    if (start.kind === "run") return leaseOf(fetched, start, leaseMs);
    const { job, token } = fetched;
    if (start.kind === "full") await job.moveToWait(token);
    else await job.moveToDelayed(Date.now() + start.waitMs, token);
    return null;
  }
}
