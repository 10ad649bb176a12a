import type { StoredMsg } from "@nats-io/jetstream";
import type { Place } from "./channel-context.js";

/** Whether the outcome of a message that was stored at this time is stored as well. An older one is of an earlier message with the same id. */
export async function isOver({ requests, names }: Place, token: string, storedAt: number): Promise<boolean> {
  const [done, dead] = await Promise.all([requests.last(names.done, names.doneId(token)), requests.last(names.dead, names.letter(token))]);
  const isLater = (end: StoredMsg | null): boolean => end !== null && end.time.getTime() >= Math.floor(storedAt);
  return isLater(done) || isLater(dead);
}
