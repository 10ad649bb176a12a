import type { ChannelContext } from "./channel-context.js";
import { type Pulled, pull } from "./pull.js";

const BATCH_SIZE = 500;
/** The server removes a consumer that is unused for this long, also if this process dies. */
const IDLE_MS = 10_000;

/** Reads up to `max` messages under a subject, oldest first, without claiming them. */
export async function scan({ client, requests }: ChannelContext, stream: string, subject: string, max: number): Promise<Pulled[]> {
  const { consumers } = client.manager;
  const { name } = await requests.retry(() =>
    consumers.add(stream, { ack_policy: "none", deliver_policy: "all", filter_subject: subject, inactive_threshold: IDLE_MS * 1_000_000, mem_storage: true }),
  );
  const found: Pulled[] = [];
  while (found.length < max) {
    const some = await pull(client, stream, name, Math.min(BATCH_SIZE, max - found.length));
    if (some.length === 0) break;
    found.push(...some);
  }
  await requests.retry(() => consumers.delete(stream, name));
  return found;
}
