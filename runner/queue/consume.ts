import { type Channel, isChannel } from "./backend.js";
import { type ClaimedEvent, type ConsumeOptions, Consumer } from "./consumer.js";
import type { Queue } from "./queue.js";
import { QueueError } from "./queue-error.js";

/** The results of a queue, one after the other. Those that are not settled when the loop ends are released. */
export async function* consume(queue: Queue, options: ConsumeOptions = {}): AsyncGenerator<ClaimedEvent, void, undefined> {
  const channel = consumableChannel(queue);
  const consumer = new Consumer(channel, options);
  try {
    for (;;) {
      const claimed = await consumer.claim();
      if (claimed === null) return;
      // Not yield*, which makes a second promise for each event.
      for (const event of claimed) yield event;
    }
  } finally {
    await consumer.end();
  }
}

export function consumableChannel({ results, address }: Queue): Channel {
  if (isChannel(results)) return results;
  throw new QueueError("failed", `nothing can be consumed from ${address}: it only forwards results`);
}
