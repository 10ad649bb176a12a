import type { StoredMsg } from "@nats-io/jetstream";
import type { ChannelContext } from "./channel-context.js";

/** Whether the outcome of a message is stored. An outcome that is older than the message belongs to an earlier message with the same id. */
export async function isSettled({ requests, names }: ChannelContext, token: string, storedAt: number): Promise<boolean> {
  const [done, dead] = await Promise.all([requests.last(names.done, names.doneId(token)), requests.last(names.dead, names.deadLetter(token))]);
  const isLater = (end: StoredMsg | null): boolean => end !== null && end.time.getTime() >= Math.floor(storedAt);
  return isLater(done) || isLater(dead);
}
