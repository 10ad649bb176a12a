import type { Subscription } from "@nats-io/transport-node";
import type { Channel, ClaimRequest, Counts, DeadLetter, Delivery, Keeping, Message, Purgeable, PushAnswer, SettleAnswer, Settlement } from "../backend.js";
import { keepAway } from "./acks.js";
import type { Place } from "./channel-context.js";
import { Claims } from "./claims.js";
import { deadLetters, revive } from "./dead.js";
import { keepAll } from "./keep.js";
import { inTurn, type Leased, recordOf } from "./leased.js";
import { isHeld, recordIn } from "./leases.js";
import { Lanes } from "./priority-consumers.js";
import { purge } from "./purge.js";
import { pushAll } from "./push.js";
import { scan } from "./scan.js";
import { settleAll } from "./settle.js";
import { sweepKept, sweepLeases, sweepQueue } from "./sweep.js";
import { Waits } from "./waits.js";

/** How often a waiting claim looks by itself: for what comes back after a delay or a lost lease, of which nobody tells. */
const LOOK_EVERY_MS = 200;
/** While a limit holds something back. */
const LOOK_SOON_MS = 50;

/** With nothing to claim there is little to read. */
const SWEEP_IDLE_EVERY_MS = 1000;
const SWEEP_EVERY_MS = 60_000;
/** The clock's, the pause's and the gate's. */
const OTHER_RECORDS = 3;

/** Jobs, or results, in JetStream. */
export class NatsChannel implements Channel {
  readonly #lanes: Lanes;
  readonly #claims: Claims;
  readonly #waits = new Waits();
  readonly #subscription: Subscription;
  #sweptAt = performance.now();
  #sweptTo = 1;

  constructor(
    readonly place: Place,
    /** Where the results of these jobs go. */
    readonly results: NatsChannel | null,
  ) {
    this.#lanes = new Lanes(place);
    this.#claims = new Claims(place);
    this.#subscription = place.client.connection.subscribe(place.names.wake, { callback: () => this.#waits.wake() });
  }

  async push(messages: readonly Message[]): Promise<PushAnswer[]> {
    await this.#lanes.make(messages.map(({ priority }) => priority));
    const answers = await pushAll(this.place, messages);
    this.#wakeAll();
    return answers;
  }

  async claim(request: ClaimRequest): Promise<Delivery[]> {
    const deadline = performance.now() + request.waitMs;
    while (!this.#waits.isClosed && request.signal?.aborted !== true) {
      const seen = this.#waits.count;
      const [busy, isPaused] = await Promise.all([this.#lanes.busy(), this.#isPaused()]);
      const claimed = isPaused || busy.length === 0 ? [] : await this.#claims.claimFrom(busy, request);
      const left = deadline - performance.now();
      if (claimed.length > 0) return claimed;
      await this.#sweep(busy.length === 0);
      if (left <= 0) return claimed;
      await this.#waits.wait(seen, Math.min(left, this.#claims.heldBack ? LOOK_SOON_MS : LOOK_EVERY_MS), request.signal);
    }
    return [];
  }

  async extend(deliveries: readonly Delivery[], leaseMs: number): Promise<Delivery[]> {
    const { client, clock, leases } = this.place;
    const until = (await clock.now()) + leaseMs;
    const lost = await Promise.all(
      (deliveries as readonly Leased[]).map((leased) =>
        inTurn(leased, async () => {
          const fence = await leases.write(leased.token, { ...recordOf(leased), until }, leased.fence);
          if (fence === null) return [leased];
          Object.assign(leased, { fence, until });
          keepAway(client, leased.reply, leaseMs);
          return [];
        }),
      ),
    );
    return lost.flat();
  }

  keep(keepings: readonly Keeping[]): Promise<SettleAnswer[]> {
    return keepAll(this.place, keepings);
  }

  async settle(settlements: readonly Settlement[]): Promise<SettleAnswer[]> {
    const answers = await settleAll(this.place, settlements, async (messages) => this.results?.push(messages));
    if (settlements.some(({ outcome }) => outcome.kind === "release")) this.#wakeAll();
    return answers;
  }

  async counts(): Promise<Counts> {
    const { names, clock } = this.place;
    const [live, done, dead, records, isPaused] = await Promise.all([
      this.#size(names.queue),
      this.#size(names.done),
      this.#size(names.dead),
      scan(this.place, names.leases, names.lease("*"), Number.POSITIVE_INFINITY),
      this.#isPaused(),
    ]);
    const now = await clock.now();
    const held = records.map(({ body }) => recordIn(body)).filter((record) => isHeld(record, now));
    const delayed = held.filter(({ kind }) => kind === "delayed").length;
    const leased = held.length - delayed;
    return { waiting: Math.max(0, live - held.length), delayed, leased, dead, done, isPaused };
  }

  async pause(): Promise<void> {
    const { requests, names } = this.place;
    await requests.write({ stream: names.leases, subject: names.paused, body: "" });
  }

  async resume(): Promise<void> {
    const { requests, names } = this.place;
    const paused = await requests.last(names.leases, names.paused);
    if (paused !== null) await requests.remove(names.leases, paused.seq);
    this.#wakeAll();
  }

  dead(most: number): Promise<DeadLetter[]> {
    return deadLetters(this.place, most);
  }

  async revive(ids: readonly string[] | null): Promise<number> {
    const revived = await revive(this.place, ids);
    this.#wakeAll();
    return revived;
  }

  purge(what: Purgeable): Promise<number> {
    return purge(this.place, this.#lanes, what);
  }

  /** Ends whoever waits. */
  close(): void {
    this.#waits.close();
    this.#subscription.unsubscribe();
  }

  /** While there is nothing better to do. */
  async #sweep(isIdle: boolean): Promise<void> {
    const now = performance.now();
    if (now - this.#sweptAt < (isIdle ? SWEEP_IDLE_EVERY_MS : SWEEP_EVERY_MS)) return;
    this.#sweptAt = now;
    const { queue, leases, kept } = this.place.names;
    const [messages, records, texts] = await Promise.all([this.#size(queue), this.#size(leases), this.#size(kept)]);
    if (messages > 0) await sweepQueue(this.place, this.#lanes);
    if (records > OTHER_RECORDS) await sweepLeases(this.place);
    this.#sweptTo = texts > 0 ? await sweepKept(this.place, this.#sweptTo) : 1;
  }

  async #isPaused(): Promise<boolean> {
    const { requests, names } = this.place;
    return (await requests.last(names.leases, names.paused)) !== null;
  }

  async #size(stream: string): Promise<number> {
    const { client, requests } = this.place;
    return (await requests.retried(() => client.manager.streams.info(stream))).state.messages;
  }

  /** In every process. */
  #wakeAll(): void {
    this.place.client.connection.publish(this.place.names.wake);
  }
}
