import { pathToFileURL } from "node:url";
import { NO_LIMITS } from "../../runner/limits/limits.js";
import type { Channel, Message, Outcome } from "../../runner/queue/backend.js";
import { type QueueRequest, type QueueStages, serveQueueRounds } from "./queue-rounds.js";

// node queue-ours.js LIBRARY: our queue as users get it, below the probes.
const { openQueue, isChannel } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");
const LEASE_MS = 30_000;

serveQueueRounds(async ({ url, concurrency }: QueueRequest): Promise<QueueStages> => {
  const queue = await openQueue(url);
  const { jobs, results } = queue;
  if (!isChannel(results)) throw new Error(`results cannot be claimed from ${queue.address}`);
  return {
    async enqueue(ids, event) {
      await jobs.push(ids.map((id) => message(id, event)));
    },
    work: (count, event) => drain(jobs, count, concurrency, (id) => ({ kind: "done", result: message(`${id}:result`, event) })),
    consume: (count) => drain(results, count, concurrency, () => ({ kind: "done", result: null })),
    close: () => queue.close(),
  };
});

async function drain(channel: Channel, count: number, concurrency: number, outcomeOf: (id: string) => Outcome): Promise<void> {
  for (let done = 0; done < count; ) {
    const claimed = await channel.claim({ max: concurrency, leaseMs: LEASE_MS, waitMs: 1000, limits: NO_LIMITS });
    await channel.settle(claimed.map((leased) => ({ message: leased, outcome: outcomeOf(leased.id) })));
    done += claimed.length;
  }
}

function message(id: string, event: object): Message {
  return { id, body: JSON.stringify({ ...event, id }), key: null, priority: 0, delayMs: 0 };
}
