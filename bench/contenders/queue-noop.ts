import { pathToFileURL } from "node:url";
import { type QueueRequest, type QueueStages, serveQueueRounds } from "./queue-rounds.js";

// node queue-noop.js LIBRARY PROBE: our queue as users get it, with a probe that does nothing, and all that is done for every probe.
const { openQueue, createWorker, consume } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");
const PROBE = process.argv[3] as string;
const INPUT = { host: "mx.example.org" };

serveQueueRounds(async ({ url, concurrency }: QueueRequest): Promise<QueueStages> => {
  const queue = await openQueue(url);
  const worker = await createWorker(queue, { concurrency, drain: true, probes: [PROBE] });
  return {
    async enqueue(ids) {
      await Promise.all(ids.map((id) => queue.enqueue(PROBE, INPUT, { id })));
    },
    async work(count) {
      await worker.run();
      if (worker.stats.endings.ok !== count) throw new Error(`of ${count} jobs ${worker.stats.endings.ok} went well`);
    },
    async consume(count) {
      let left = count;
      const acknowledged: Promise<unknown>[] = [];
      for await (const { ack } of consume(queue, { prefetch: concurrency * 8 })) {
        acknowledged.push(ack());
        left -= 1;
        if (left === 0) break;
      }
      await Promise.all(acknowledged);
    },
    close: () => queue.close(),
  };
});
