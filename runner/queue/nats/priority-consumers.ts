import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Place } from "./channel-context.js";
import { HIGHEST_PRIORITY } from "./names.js";

/**
 * What NATS waits before it hands out again what nobody said a word about: messages that were lost on the way to a claim. A claim
 * that got a message sets its own time at once.
 */
const SILENT_MS = 5000;

/** One consumer for each priority that was ever used: NATS hands messages out in the order they came, and knows no other. */
export class Lanes {
  readonly #made = new Set<number>();

  constructor(readonly place: Place) {}

  /** Whoever pushes sees to it that the consumer is there. */
  async make(priorities: Iterable<number>): Promise<void> {
    await Promise.all([...new Set(priorities)].filter((priority) => !this.#made.has(priority)).map((priority) => this.#makeOne(priority)));
  }

  /** Up to which of its messages each has been told of all. */
  async acknowledged(): Promise<{ filter: string; acknowledged: number }[]> {
    return (await this.#all()).map(({ config, ack_floor }) => ({ filter: config.filter_subject ?? "", acknowledged: ack_floor.stream_seq }));
  }

  /** Those with something to hand out, now or later: the highest first. */
  async busy(): Promise<string[]> {
    const { names } = this.place;
    const all = await this.#all();
    const has = ({ num_pending, num_ack_pending }: ConsumerInfo): boolean => num_pending + num_ack_pending > 0;
    const busy = new Set(all.filter(has).map(({ name }) => name));
    const highestFirst = Array.from({ length: HIGHEST_PRIORITY + 1 }, (_, index) => names.consumer(HIGHEST_PRIORITY - index));
    return highestFirst.filter((name) => busy.has(name));
  }

  #all(): Promise<ConsumerInfo[]> {
    const { client, requests, names } = this.place;
    return requests.retried(() => client.manager.consumers.list(names.queue).next());
  }

  async #makeOne(priority: number): Promise<void> {
    const { client, requests, names } = this.place;
    await requests.retried(() =>
      client.manager.consumers.add(names.queue, {
        durable_name: names.consumer(priority),
        filter_subject: names.queued(priority, "*"),
        ack_policy: "explicit",
        deliver_policy: "all",
        ack_wait: SILENT_MS * 1_000_000,
        max_ack_pending: -1,
        max_deliver: -1,
      }),
    );
    this.#made.add(priority);
  }
}
