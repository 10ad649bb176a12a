import type { ConsumerInfo } from "@nats-io/jetstream";
import type { ChannelContext } from "./channel-context.js";
import { PRIORITIES } from "./names.js";

/**
 * How long NATS waits before it redelivers a message without any acknowledgement, which was lost on its way to a claim. A claim that receives a
 * message sets its own time at once.
 */
const ACK_WAIT_MS = 5000;

/** One consumer for each priority in use, because NATS delivers messages in order of arrival only. */
export class PriorityConsumers {
  readonly #known = new Set<number>();

  constructor(readonly context: ChannelContext) {}

  /** Called before each push, so that every message has a consumer. */
  async ensure(priorities: Iterable<number>): Promise<void> {
    await Promise.all([...new Set(priorities)].filter((priority) => !this.#known.has(priority)).map((priority) => this.#create(priority)));
  }

  /** Other programs may publish messages of a priority that has no consumer yet. */
  async ensureForStored(): Promise<void> {
    const { requests, names } = this.context;
    const unknown = PRIORITIES.filter((priority) => !this.#known.has(priority));
    const isStored = await Promise.all(unknown.map(async (priority) => (await requests.last(names.queue, names.queued(priority, "*"))) !== null));
    await this.ensure(unknown.filter((_, index) => isStored[index]));
  }

  /** The last sequence up to which each consumer has everything acknowledged. */
  async acknowledged(): Promise<{ filter: string; acknowledged: number }[]> {
    return (await this.#all()).map(({ config, ack_floor }) => ({ filter: config.filter_subject ?? "", acknowledged: ack_floor.stream_seq }));
  }

  /** The consumers with messages to deliver, now or later; the highest priority first. */
  async busy(): Promise<string[]> {
    const { names } = this.context;
    const all = await this.#all();
    const has = ({ num_pending, num_ack_pending }: ConsumerInfo): boolean => num_pending + num_ack_pending > 0;
    const busy = new Set(all.filter(has).map(({ name }) => name));
    return PRIORITIES.map((priority) => names.consumer(priority)).filter((name) => busy.has(name));
  }

  #all(): Promise<ConsumerInfo[]> {
    const { client, requests, names } = this.context;
    return requests.retry(() => client.manager.consumers.list(names.queue).next());
  }

  async #create(priority: number): Promise<void> {
    const { client, requests, names } = this.context;
    await requests.retry(() =>
      client.manager.consumers.add(names.queue, {
        durable_name: names.consumer(priority),
        filter_subject: names.queued(priority, "*"),
        ack_policy: "explicit",
        deliver_policy: "all",
        ack_wait: ACK_WAIT_MS * 1_000_000,
        max_ack_pending: -1,
        max_deliver: -1,
      }),
    );
    this.#known.add(priority);
  }
}
