import { randomBytes, randomUUID } from "node:crypto";
import type { Queue } from "bullmq";
import type { Channel, ClaimRequest, Counts, DeadLetter, Delivery, Message, Outcome, Purgeable, PushAnswer, SettleAnswer, Settlement } from "../backend.js";
import { batchesOf } from "./batches.js";
import type { Connection } from "./connection.js";
import { dataOf, deadLetterOf, keyField, type Lease, leasesOf } from "./deliveries.js";
import { jobIdOf } from "./ids.js";
import { encodeLimits } from "./limits.js";
import { PushTogether } from "./push-together.js";
import type { ScriptName } from "./scripts/index.js";
import { Waker } from "./waker.js";

/** BullMQ's priority 0 is what has none: it lies elsewhere, and goes before all. */
const LOWEST_PRIORITY = 10;
/** How many are claimed, listed, revived or purged by one command. */
const MOST_AT_A_TIME = 500;
/** A wait ends at least so often: a marker may get lost with a process. */
const LONGEST_WAIT_MS = 1000;

/** Jobs, or results: a queue of BullMQ. */
export class RedisChannel implements Channel {
  readonly #meta: string;
  readonly #waker: Waker;
  readonly #pushes: PushTogether;
  #isClosed = false;

  constructor(
    readonly connection: Connection,
    readonly queue: Queue,
    readonly retentionMs: number,
    /** Where the results of these jobs go. */
    readonly results: RedisChannel | null,
  ) {
    this.#meta = queue.toKey("meta");
    this.#waker = new Waker(
      () => connection.another(),
      queue.toKey("marker"),
      () => this.#run("wake", []),
    );
    this.#pushes = new PushTogether((messages) => this.#push(messages));
  }

  push(messages: readonly Message[]): Promise<PushAnswer[]> {
    return this.#pushes.push(messages);
  }

  async claim(request: ClaimRequest): Promise<Delivery[]> {
    const deadline = performance.now() + request.waitMs;
    while (!this.#isClosed && request.signal?.aborted !== true) {
      const { leases, dueInMs } = await this.#claimNow(request);
      if (leases.length > 0) return leases;
      // One script passes only so many that are held back: what comes after them may be due.
      if (dueInMs === 0) continue;
      const left = deadline - performance.now();
      if (left <= 0) return [];
      await this.#waker.wait(Math.min(left, dueInMs, LONGEST_WAIT_MS), request.signal);
    }
    return [];
  }

  async extend(deliveries: readonly Delivery[], leaseMs: number): Promise<Delivery[]> {
    const leases = deliveries as readonly Lease[];
    const lost: Delivery[] = [];
    for (const batch of batchesOf(leases, () => 0)) {
      const answers = await this.#run("extend", [leaseMs, ...batch.flatMap(({ jobId, lease }) => [jobId, lease])]);
      lost.push(...batch.filter((_, index) => answers[index] === 0));
    }
    return lost;
  }

  async settle(settlements: readonly Settlement[]): Promise<SettleAnswer[]> {
    const batches = batchesOf(settlements, ({ outcome }) => (outcome.kind === "done" ? (outcome.result?.body.length ?? 0) : 0));
    const answers = await Promise.all(batches.map((batch) => this.#settleBatch(batch)));
    return answers.flat().map((stored) => (stored === 1 ? "stored" : "lost"));
  }

  async counts(): Promise<Counts> {
    const [waiting, delayed, leased, dead, done, paused] = (await this.#run("counts", [this.retentionMs])) as [number, number, number, number, number, number];
    return { waiting, delayed, leased, dead, done, isPaused: paused === 1 };
  }

  pause(): Promise<void> {
    return this.connection.guard(() => this.queue.pause());
  }

  resume(): Promise<void> {
    return this.connection.guard(() => this.queue.resume());
  }

  dead(most: number): Promise<DeadLetter[]> {
    return this.connection.guard(async () => {
      const ids = await this.#deadIds(most);
      const letters: DeadLetter[] = [];
      for (let first = 0; first < ids.length; first += MOST_AT_A_TIME) letters.push(...(await this.#letters(ids.slice(first, first + MOST_AT_A_TIME))));
      return letters;
    });
  }

  revive(ids: readonly string[] | null): Promise<number> {
    return this.connection.guard(async () => {
      const jobIds = ids === null ? await this.#deadIds(Number.POSITIVE_INFINITY) : ids.map(jobIdOf);
      let revived = 0;
      for (let first = 0; first < jobIds.length; first += MOST_AT_A_TIME) {
        const answers = await Promise.all(jobIds.slice(first, first + MOST_AT_A_TIME).map((jobId) => this.#revive(jobId)));
        revived += answers.filter((was) => was).length;
      }
      return revived;
    });
  }

  async purge(what: Purgeable): Promise<number> {
    let sum = 0;
    for (;;) {
      const [purged = 0] = await this.#run("purge", [what, MOST_AT_A_TIME]);
      sum += purged;
      if (purged < MOST_AT_A_TIME) return sum;
    }
  }

  /** Ends whoever waits. */
  close(): void {
    this.#isClosed = true;
    this.#waker.close();
  }

  async #push(messages: readonly Message[]): Promise<PushAnswer[]> {
    const name = callName();
    const batches = batchesOf(messages, ({ body }) => body.length);
    const answers = await Promise.all(batches.map((batch, index) => this.#run("push", [this.retentionMs, `${name}:${index}`, ...batch.flatMap(columnsOf)])));
    return answers.flat().map((stored) => (stored === 1 ? "accepted" : "duplicate"));
  }

  async #claimNow({ most, leaseMs, limits }: ClaimRequest): Promise<{ leases: Lease[]; dueInMs: number }> {
    const lease = randomUUID();
    const values = [lease, Math.min(most, MOST_AT_A_TIME), Math.ceil(leaseMs), encodeLimits(limits)];
    const [dueInMs, ...claimed] = (await this.connection.run("claim", [this.#meta], values)) as [number, ...unknown[]];
    return { leases: leasesOf(claimed, lease), dueInMs: dueInMs < 0 ? LONGEST_WAIT_MS : dueInMs };
  }

  #settleBatch(batch: readonly Settlement[]): Promise<number[]> {
    const values = [this.retentionMs, callName(), ...batch.flatMap(settlementColumns)];
    return this.#run("settle", values, [(this.results ?? this).#meta]);
  }

  async #letters(jobIds: readonly string[]): Promise<DeadLetter[]> {
    const fields = await Promise.all(jobIds.map((jobId) => this.connection.client.hgetall(this.queue.toKey(jobId))));
    return jobIds.map((jobId, index) => deadLetterOf(jobId, fields[index] ?? {}));
  }

  /** The oldest first. */
  #deadIds(most: number): Promise<string[]> {
    return this.connection.client.zrange(this.queue.toKey("failed"), 0, Number.isFinite(most) ? most - 1 : -1);
  }

  async #revive(jobId: string): Promise<boolean> {
    const job = await this.queue.getJob(jobId);
    if (job === undefined || (await job.getState()) !== "failed") return false;
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  }

  #run(script: ScriptName, values: readonly (string | number)[], moreKeys: readonly string[] = []): Promise<number[]> {
    return this.connection.run(script, [this.#meta, ...moreKeys], values) as Promise<number[]>;
  }
}

/** Kept with each message, so no longer than it has to be. */
function callName(): string {
  return randomBytes(9).toString("base64url");
}

function columnsOf({ id, body, key, priority, delayMs }: Message): (string | number)[] {
  return [jobIdOf(id), dataOf(body), keyField(key), LOWEST_PRIORITY - priority, Math.ceil(delayMs)];
}

function settlementColumns({ delivery, outcome }: Settlement): (string | number)[] {
  const { jobId, lease } = delivery as Lease;
  return [jobId, lease, outcome.kind, ...outcomeColumns(outcome, delivery as Lease)];
}

/** A number, a failure, its words, and id, data, key and priority of a result. */
function outcomeColumns(outcome: Outcome, { place }: Lease): (string | number)[] {
  switch (outcome.kind) {
    case "done":
      return [0, "", "", ...(outcome.result === null ? ["", "", "", 0] : columnsOf(outcome.result).slice(0, 4))];
    case "retry":
      return [Math.ceil(outcome.afterMs), JSON.stringify(outcome.failure), outcome.failure.message, "", "", "", 0];
    case "release":
      return [place, "", "", "", "", "", 0];
    case "dead":
      return [0, JSON.stringify(outcome.failure), outcome.failure.message, "", "", "", 0];
  }
}
