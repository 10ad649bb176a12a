import type { ConsumerInfo } from "@nats-io/jetstream";
import type { ChannelContext } from "./channel-context.js";
import { type Pulled, pull } from "./pull.js";

const BATCH_SIZE = 500;
/** The server removes a consumer that is unused for this long, also if this process dies. */
const IDLE_MS = 10_000;

/** Reads up to `max` messages under a subject, oldest first, without claiming them: those that are there when it begins and are not removed meanwhile. */
export async function scan(context: ChannelContext, stream: string, subject: string, max: number): Promise<Pulled[]> {
  const { client, requests } = context;
  const { consumers } = client.manager;
  const consumer = await requests.retry(() =>
    consumers.add(stream, { ack_policy: "none", deliver_policy: "all", filter_subject: subject, inactive_threshold: IDLE_MS * 1_000_000, mem_storage: true }),
  );
  const found = await readAll(context, stream, consumer, max);
  await requests.retry(() => consumers.delete(stream, consumer.name));
  return found;
}

/** What a consumer of its own delivers. */
export async function readAll(
  { client, requests }: ChannelContext,
  stream: string,
  { name, num_pending: stored }: Pick<ConsumerInfo, "name" | "num_pending">,
  max: number,
): Promise<Pulled[]> {
  const wanted = Math.min(max, stored);
  const found: Pulled[] = [];
  // Under the lock of claims, a request without an answer would hold up all workers.
  const isOver = async (received: number): Promise<boolean> => {
    const { num_pending: pending, delivered } = await requests.retry(() => client.manager.consumers.info(stream, name));
    return pending === 0 && delivered.consumer_seq <= found.length + received;
  };
  while (found.length < wanted) {
    const some = await pull(client, stream, name, Math.min(BATCH_SIZE, wanted - found.length), isOver);
    if (some.length === 0) break;
    found.push(...some);
  }
  return found;
}
