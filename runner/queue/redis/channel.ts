import type { Queue } from "bullmq";
import type {
  Channel,
  ClaimRequest,
  Counts,
  DeadLetter,
  LeasedMessage,
  Message,
  PurgeableState,
  PushAnswer,
  SettleAnswer,
  Settlement,
  StateUpdate,
} from "../backend.js";
import { PartialPushError } from "../queue-error.js";
import { type Connection, inOneWrite } from "./connection.js";
import { jobIdOf, newJobOf } from "./job-data.js";
import { JobFetcher } from "./job-fetcher.js";
import { JobState } from "./job-state.js";
import { LeaseTaker } from "./lease-taker.js";
import { endingJobOf, type Lease, moveJob } from "./leases.js";
import { QueueAdmin } from "./queue-admin.js";

/** The longest single wait. */
const LONGEST_WAIT_MS = 1000;
/** How much one call moves, so that no call blocks the server for long. */
const MAX_MESSAGES = 1000;
const MAX_CHARACTERS = 4_000_000;

/** The queue of jobs or of results in BullMQ, used through its Queue, Worker and Job. */
export class RedisChannel implements Channel {
  readonly #state: JobState;
  readonly #fetcher: JobFetcher;
  readonly #taker: LeaseTaker;
  readonly #admin: QueueAdmin;
  #isClosed = false;

  constructor(
    readonly connection: Connection,
    readonly queue: Queue,
    readonly retentionMs: number,
    /** Receives the results of these jobs. */
    readonly results: RedisChannel | null,
  ) {
    this.#state = new JobState(connection, queue.name);
    this.#fetcher = new JobFetcher(connection, queue, retentionMs);
    this.#admin = new QueueAdmin(connection, queue, this.#state);
    this.#taker = new LeaseTaker(this.#fetcher, this.#state, this.#admin);
  }

  async push(messages: readonly Message[]): Promise<PushAnswer[]> {
    const answers: PushAnswer[] = [];
    for (const part of partsOf(messages)) {
      try {
        answers.push(...(await this.connection.guard(() => this.#pushPart(part))));
      } catch (error) {
        throw await this.#pushError(error, messages, answers, part);
      }
    }
    return answers;
  }

  async claim(request: ClaimRequest): Promise<LeasedMessage[]> {
    if (this.#isClosed) throw this.connection.closedError();
    const { waitMs, leaseMs, signal } = request;
    const deadline = performance.now() + waitMs;
    try {
      while (!this.#isClosed && signal?.aborted !== true) {
        const { leases, dueInMs } = await this.connection.guard(() => this.#taker.take(request));
        if (leases.length > 0) return leases;
        const left = deadline - performance.now();
        if (left <= 0) return [];
        await this.#fetcher.wait(Math.min(left, dueInMs, LONGEST_WAIT_MS), leaseMs, signal);
      }
      return [];
    } catch (error) {
      if (this.#isClosed) return [];
      throw error;
    } finally {
      await this.#fetcher.returnUnclaimed();
    }
  }

  async extend(messages: readonly LeasedMessage[], leaseMs: number): Promise<LeasedMessage[]> {
    const leases = messages as readonly Lease[];
    if (leases.length === 0) return [];
    return this.connection.guard(async () => {
      const lost = await this.#extend(leases, leaseMs);
      await this.#state.extend(
        leases.filter((lease) => !lost.has(lease)),
        leaseMs,
      );
      return [...lost];
    });
  }

  /**
   * The result is pushed first, under the lock and with an id derived from its job's: if this process is killed in between, the job runs again and
   * its result is a duplicate.
   */
  async settle(settlements: readonly Settlement[]): Promise<SettleAnswer[]> {
    if (settlements.length === 0) return [];
    return this.connection.guard(async () => {
      const lost = await this.#extend(settlements.map(({ message }) => message as Lease));
      const held = settlements.filter(({ message }) => !lost.has(message as Lease));
      const results = held.flatMap(({ outcome }) => ("result" in outcome && outcome.result !== null ? [outcome.result] : []));
      if (results.length > 0) await (this.results ?? this).push(results);
      const moved = await this.#move(held);
      return settlements.map((settlement) => (moved.get(settlement) === true ? "stored" : "lost"));
    });
  }

  async saveState(updates: readonly StateUpdate[]): Promise<SettleAnswer[]> {
    if (updates.length === 0) return [];
    return this.connection.guard(async () => {
      const lost = await this.#extend(updates.map(({ message }) => message as Lease));
      const held = updates.filter(({ message }) => !lost.has(message as Lease));
      await this.#state.save(held.map(({ message, state }) => ({ jobId: (message as Lease).jobId, state })));
      return updates.map(({ message }) => (lost.has(message as Lease) ? "lost" : "stored"));
    });
  }

  counts(): Promise<Counts> {
    return this.connection.guard(() => this.#admin.counts());
  }

  pause(): Promise<void> {
    return this.connection.guard(() => this.queue.pause());
  }

  resume(): Promise<void> {
    return this.connection.guard(() => this.queue.resume());
  }

  deadLetters(max: number): Promise<DeadLetter[]> {
    return this.connection.guard(() => this.#admin.deadLetters(max));
  }

  retryDead(ids: readonly string[] | null): Promise<number> {
    return this.connection.guard(() => this.#admin.retryDead(ids));
  }

  purge(what: PurgeableState): Promise<number> {
    return this.connection.guard(() => this.#admin.purge(what));
  }

  /** Ends every wait. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#fetcher.close();
  }

  async #pushPart(messages: readonly Message[]): Promise<PushAnswer[]> {
    const known = await inOneWrite(this.connection.client, () => Promise.all(messages.map(({ id }) => this.queue.getJob(jobIdOf(id)))));
    const seen = new Set<string>();
    const answers: PushAnswer[] = [];
    for (const [index, { id }] of messages.entries()) {
      const job = known[index];
      const isKnown = seen.has(id) || (job !== undefined && !(await this.#forgotten(job)));
      answers.push(isKnown ? "duplicate" : "accepted");
      seen.add(id);
    }
    const accepted = messages.filter((_, index) => answers[index] === "accepted");
    if (accepted.length > 0) await this.queue.addBulk(accepted.map(newJobOf));
    return answers;
  }

  /** BullMQ removes expired completed jobs only when another job completes; until then they block their ids. */
  async #forgotten(job: NonNullable<Awaited<ReturnType<Queue["getJob"]>>>): Promise<boolean> {
    if (job.finishedOn === undefined || job.finishedOn === null || job.finishedOn > Date.now() - this.retentionMs) return false;
    if (!(await job.isCompleted())) return false;
    await job.remove();
    await this.#state.forget([job.id as string]);
    return true;
  }

  /** Redis may store part of a batch and refuse the rest because its memory is full; the error says what is stored. */
  async #pushError(error: unknown, messages: readonly Message[], answers: readonly PushAnswer[], part: readonly Message[]): Promise<unknown> {
    const stored: (PushAnswer | null)[] = [...answers];
    try {
      const jobs = await this.connection.guard(() => Promise.all(part.map(({ id }) => this.queue.getJob(jobIdOf(id)))));
      stored.push(...jobs.map((job) => (job === undefined ? null : ("accepted" as const))));
    } catch {
      // Without an answer, nothing is known about this part.
    }
    if (stored.every((answer) => answer === null)) return error;
    return new PartialPushError(error as Error, [...stored, ...messages.slice(stored.length).map(() => null)]);
  }

  /** Returns the lost leases. The others are renewed, for long enough that they cannot expire before the next call. */
  async #extend(leases: readonly Lease[], leaseMs = Math.max(...leases.map((lease) => lease.leaseMs))): Promise<Set<Lease>> {
    const lost = new Set<string>();
    for (let first = 0; first < leases.length; first += MAX_MESSAGES) {
      const part = leases.slice(first, first + MAX_MESSAGES);
      const ids = part.map(({ jobId }) => jobId);
      const failed = await this.#fetcher.worker((part[0] as Lease).leaseMs).extendJobLocks(
        ids,
        part.map(({ token }) => token),
        leaseMs,
      );
      for (const id of failed) lost.add(id);
    }
    return new Set(leases.filter(({ jobId }) => lost.has(jobId)));
  }

  async #move(settlements: readonly Settlement[]): Promise<Map<Settlement, boolean>> {
    const moved = new Map<Settlement, boolean>();
    const [first] = settlements;
    if (first === undefined) return moved;
    const promotable = await this.#state.settle(settlements.map(endingJobOf));
    const { UnrecoverableError } = this.connection.bullMq;
    const { backend } = this.#fetcher.worker((first.message as Lease).leaseMs);
    const answers = await inOneWrite(await backend.client, () =>
      Promise.all(settlements.map(({ message, outcome }) => moveJob(message as Lease, outcome, UnrecoverableError))),
    );
    for (const [index, settlement] of settlements.entries()) moved.set(settlement, answers[index] as boolean);
    const finished = settlements.filter((settlement) => settlement.outcome.kind === "done" || moved.get(settlement) === false);
    await Promise.all([this.#state.forget(finished.map(({ message }) => (message as Lease).jobId)), this.#admin.promote(promotable)]);
    return moved;
  }
}

function partsOf(messages: readonly Message[]): Message[][] {
  const parts: Message[][] = [];
  let characters = 0;
  for (const message of messages) {
    const last = parts.at(-1);
    characters += message.body.length;
    if (last !== undefined && last.length < MAX_MESSAGES && characters <= MAX_CHARACTERS) last.push(message);
    else {
      parts.push([message]);
      characters = message.body.length;
    }
  }
  return parts;
}
