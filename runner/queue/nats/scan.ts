import type { Place } from "./channel-context.js";
import { type Pulled, pull } from "./pull.js";

const AT_A_TIME = 500;
/** The server takes a consumer away that nobody asks for so long: it need not be told when we die. */
const IDLE_MS = 10_000;

/** Reads the messages under a subject, the oldest first, up to `most`, and takes nothing. */
export async function scan({ client, requests }: Place, stream: string, subject: string, most: number): Promise<Pulled[]> {
  const { consumers } = client.manager;
  const { name } = await requests.retried(() =>
    consumers.add(stream, { ack_policy: "none", deliver_policy: "all", filter_subject: subject, inactive_threshold: IDLE_MS * 1_000_000, mem_storage: true }),
  );
  const found: Pulled[] = [];
  while (found.length < most) {
    const some = await pull(client, stream, name, Math.min(AT_A_TIME, most - found.length));
    if (some.length === 0) break;
    found.push(...some);
  }
  await requests.retried(() => consumers.delete(stream, name));
  return found;
}
