import type { Subscription } from "@nats-io/transport-node";
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
import { QueueError } from "../queue-error.js";
import { delayRedelivery } from "./acks.js";
import type { ChannelContext } from "./channel-context.js";
import { ClaimWaiters } from "./claim-waiters.js";
import { Claimer } from "./claimer.js";
import { deadLetters, retryDead } from "./dead-letters.js";
import { isHeld, recordIn } from "./lease-records.js";
import { inSequence, type NatsLease, recordOf } from "./nats-lease.js";
import { PriorityConsumers } from "./priority-consumers.js";
import { purge } from "./purge.js";
import { pushAll } from "./push.js";
import { saveStates } from "./saved-state.js";
import { scan } from "./scan.js";
import { settleAll } from "./settle.js";
import { sweepLeases, sweepQueue, sweepStates } from "./sweep.js";

/** How often a waiting claim polls: nothing announces that a delay or a lease has ended. */
const POLL_MS = 200;
/** The same while a limit holds messages back. */
const LIMITED_POLL_MS = 50;

/** While there is nothing to claim, a sweep has little to read. */
const SWEEP_IDLE_EVERY_MS = 1000;
const SWEEP_EVERY_MS = 60_000;
/** The records of the clock, the pause and the claim lock. */
const OTHER_RECORDS = 3;

/** The queue of jobs or of results in JetStream. */
export class NatsChannel implements Channel {
  readonly #consumers: PriorityConsumers;
  readonly #claimer: Claimer;
  readonly #waiters = new ClaimWaiters();
  readonly #subscription: Subscription;
  #sweptAt = performance.now();
  #nextStateToSweep = 1;

  constructor(
    readonly context: ChannelContext,
    /** Receives the results of these jobs. */
    readonly results: NatsChannel | null,
  ) {
    this.#consumers = new PriorityConsumers(context);
    this.#claimer = new Claimer(context);
    this.#subscription = context.client.connection.subscribe(context.names.wake, { callback: () => this.#waiters.wake() });
  }

  async push(messages: readonly Message[]): Promise<PushAnswer[]> {
    await this.#consumers.ensure(messages.map(({ priority }) => priority));
    const answers = await pushAll(this.context, messages);
    this.#wakeAll();
    return answers;
  }

  async claim(request: ClaimRequest): Promise<LeasedMessage[]> {
    if (this.#waiters.isClosed) throw new QueueError("closed", `${this.context.client.address} has been closed`);
    const deadline = performance.now() + request.waitMs;
    while (!this.#waiters.isClosed && request.signal?.aborted !== true) {
      const seen = this.#waiters.count;
      const [busy, isPaused] = await Promise.all([this.#consumers.busy(), this.#isPaused()]);
      const claimed = isPaused || busy.length === 0 ? [] : await this.#claimer.claimFrom(busy, request);
      const left = deadline - performance.now();
      if (claimed.length > 0) return claimed;
      await this.#sweep(busy.length === 0);
      if (left <= 0) return claimed;
      await this.#waiters.wait(seen, Math.min(left, this.#claimer.isRateLimited ? LIMITED_POLL_MS : POLL_MS), request.signal);
    }
    return [];
  }

  async extend(messages: readonly LeasedMessage[], leaseMs: number): Promise<LeasedMessage[]> {
    const { client, clock, leases } = this.context;
    const until = (await clock.now()) + leaseMs;
    const lost = await Promise.all(
      (messages as readonly NatsLease[]).map((leased) =>
        inSequence(leased, async () => {
          const fence = await leases.write(leased.token, { ...recordOf(leased), until }, leased.fence);
          if (fence === null) return [leased];
          Object.assign(leased, { fence, until });
          delayRedelivery(client, leased.reply, leaseMs);
          return [];
        }),
      ),
    );
    return lost.flat();
  }

  saveState(updates: readonly StateUpdate[]): Promise<SettleAnswer[]> {
    return saveStates(this.context, updates);
  }

  async settle(settlements: readonly Settlement[]): Promise<SettleAnswer[]> {
    const answers = await settleAll(this.context, settlements, async (messages) => this.results?.push(messages));
    if (settlements.some(({ outcome }) => outcome.kind === "release")) this.#wakeAll();
    return answers;
  }

  async counts(): Promise<Counts> {
    const { names, clock } = this.context;
    const [live, done, dead, records, isPaused] = await Promise.all([
      this.#messageCount(names.queue),
      this.#messageCount(names.done),
      this.#messageCount(names.dead),
      scan(this.context, names.leases, names.lease("*"), Number.POSITIVE_INFINITY),
      this.#isPaused(),
    ]);
    const now = await clock.now();
    const held = records.map(({ body }) => recordIn(body)).filter((record) => isHeld(record, now));
    const delayed = held.filter(({ kind }) => kind === "delayed").length;
    const leased = held.length - delayed;
    return { waiting: Math.max(0, live - held.length), delayed, leased, dead, done, isPaused };
  }

  async pause(): Promise<void> {
    const { requests, names } = this.context;
    await requests.write({ stream: names.leases, subject: names.paused, body: "" });
  }

  async resume(): Promise<void> {
    const { requests, names } = this.context;
    const paused = await requests.last(names.leases, names.paused);
    if (paused !== null) await requests.remove(names.leases, paused.seq);
    this.#wakeAll();
  }

  deadLetters(max: number): Promise<DeadLetter[]> {
    return deadLetters(this.context, max);
  }

  async retryDead(ids: readonly string[] | null): Promise<number> {
    const retried = await retryDead(this.context, ids);
    this.#wakeAll();
    return retried;
  }

  purge(what: PurgeableState): Promise<number> {
    return purge(this.context, this.#consumers, what);
  }

  /** Ends every wait. */
  close(): void {
    this.#waiters.close();
    this.#subscription.unsubscribe();
  }

  /** Runs while the channel is idle. */
  async #sweep(isIdle: boolean): Promise<void> {
    const now = performance.now();
    if (now - this.#sweptAt < (isIdle ? SWEEP_IDLE_EVERY_MS : SWEEP_EVERY_MS)) return;
    this.#sweptAt = now;
    const { queue, leases, states } = this.context.names;
    const [messages, records, savedStates] = await Promise.all([this.#messageCount(queue), this.#messageCount(leases), this.#messageCount(states)]);
    if (messages > 0 && isIdle) await this.#consumers.ensureForStored();
    if (messages > 0) await sweepQueue(this.context, this.#consumers);
    if (records > OTHER_RECORDS) await sweepLeases(this.context);
    this.#nextStateToSweep = savedStates > 0 ? await sweepStates(this.context, this.#nextStateToSweep) : 1;
  }

  async #isPaused(): Promise<boolean> {
    const { requests, names } = this.context;
    return (await requests.last(names.leases, names.paused)) !== null;
  }

  async #messageCount(stream: string): Promise<number> {
    const { client, requests } = this.context;
    return (await requests.retry(() => client.manager.streams.info(stream))).state.messages;
  }

  /** Wakes the waiting claims of every process. */
  #wakeAll(): void {
    this.context.client.connection.publish(this.context.names.wake);
  }
}
