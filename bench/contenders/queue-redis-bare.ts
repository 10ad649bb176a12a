import { Queue, Worker } from "bullmq";
import { type QueueRequest, type QueueStages, serveQueueRounds } from "./queue-rounds.js";

/** BullMQ as its manual says: addBulk, and a Worker with a given concurrency. */
serveQueueRounds(async ({ port, prefix, concurrency }: QueueRequest): Promise<QueueStages> => {
  const options = { connection: { host: "127.0.0.1", port: port as number }, prefix: `{${prefix}}` };
  const jobs = new Queue("jobs", options);
  const results = new Queue("results", options);
  await Promise.all([jobs.waitUntilReady(), results.waitUntilReady()]);
  const drain = (name: string, count: number, process: (id: string) => Promise<unknown>): Promise<void> =>
    new Promise((resolve, reject) => {
      let left = count;
      const worker = new Worker(name, async (job) => void (await process(job.id as string)), { ...options, concurrency });
      worker.on("error", reject);
      worker.on("completed", () => {
        left -= 1;
        if (left === 0) resolve(worker.close());
      });
    });
  return {
    async enqueue(ids, event) {
      await jobs.addBulk(ids.map((id) => ({ name: "job", data: { ...event, id }, opts: { jobId: id } })));
    },
    work: (count, event) => drain("jobs", count, (id) => results.add("result", { ...event, id }, { jobId: `${id}-result` })),
    consume: (count) => drain("results", count, async () => undefined),
    async close() {
      await Promise.all([jobs.close(), results.close()]);
    },
  };
});
