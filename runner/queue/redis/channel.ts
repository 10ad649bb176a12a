import { randomUUID } from "node:crypto";
import type { Queue } from "bullmq";
import type { Channel, ClaimRequest, Counts, DeadLetter, Delivery, Keeping, Message, Purgeable, PushAnswer, SettleAnswer, Settlement } from "../backend.js";
import { batchesOf } from "./batches.js";
import { callName, keepingColumns, messageColumns, settlementColumns } from "./columns.js";
import type { Connection } from "./connection.js";
import { DeadLetters } from "./dead-letters.js";
import { type Lease, leasesOf } from "./deliveries.js";
import { encodeLimits } from "./limits.js";
import { PushTogether } from "./push-together.js";
import type { ScriptName } from "./scripts/index.js";
import { Waker } from "./waker.js";

/** How many are claimed or purged by one script. */
const MOST_AT_A_TIME = 500;
/** A wait ends at least so often: a marker may get lost with a process. */
const LONGEST_WAIT_MS = 1000;

/** Jobs, or results: a queue of BullMQ. */
export class RedisChannel implements Channel {
  readonly #meta: string;
  readonly #waker: Waker;
  readonly #pushes: PushTogether;
  readonly #deadLetters: DeadLetters;
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
    this.#deadLetters = new DeadLetters(connection.client, queue);
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
    const batches = batchesOf(settlements, ({ outcome }) => ("result" in outcome ? (outcome.result?.body.length ?? 0) : 0));
    return answersOf(await Promise.all(batches.map((batch) => this.#settleBatch(batch))));
  }

  async keep(keepings: readonly Keeping[]): Promise<SettleAnswer[]> {
    const batches = batchesOf(keepings, ({ text }) => text.length);
    return answersOf(await Promise.all(batches.map((batch) => this.#run("keep", batch.flatMap(keepingColumns)))));
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
    return this.connection.guard(() => this.#deadLetters.list(most));
  }

  revive(ids: readonly string[] | null): Promise<number> {
    return this.connection.guard(() => this.#deadLetters.revive(ids));
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
    const answers = await Promise.all(
      batches.map((batch, index) => this.#run("push", [this.retentionMs, `${name}:${index}`, ...batch.flatMap(messageColumns)])),
    );
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

  #run(script: ScriptName, values: readonly (string | number)[], moreKeys: readonly string[] = []): Promise<number[]> {
    return this.connection.run(script, [this.#meta, ...moreKeys], values) as Promise<number[]>;
  }
}

function answersOf(batches: readonly number[][]): SettleAnswer[] {
  return batches.flat().map((stored) => (stored === 1 ? "stored" : "lost"));
}
