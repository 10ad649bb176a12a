import { serve } from "../support/serve.js";

export interface QueueRequest {
  /** Of our queue. */
  readonly url: string;
  /** The address of the store for a contender that uses it directly: a port or a file. */
  readonly port: number | null;
  readonly path: string | null;
  /** Of this round alone: it begins with nothing. */
  readonly prefix: string;
  readonly jobs: number;
  readonly concurrency: number;
}

/** In milliseconds. */
export interface QueueAnswer {
  readonly enqueue: number;
  readonly work: number;
  readonly consume: number;
}

/** The same work for everybody: jobs that do nothing, each of which leaves a result. */
export interface QueueStages {
  enqueue(ids: readonly string[], event: object): Promise<void>;
  /** Until this many jobs are done. */
  work(jobs: number, event: object): Promise<void>;
  consume(results: number): Promise<void>;
  close(): Promise<void>;
}

const AT_A_TIME = 500;
const EVENT = { specversion: "1.0", source: "bench", type: "bench", data: { probe: "network.smtp", version: "2.0.0", input: { host: "mx.example.org" } } };

export function serveQueueRounds(open: (request: QueueRequest) => Promise<QueueStages>): void {
  serve<QueueRequest>("ready", async (request) => {
    const stages = await open(request);
    const ids = Array.from({ length: request.jobs }, (_, index) => `${request.prefix}-${index}`);
    const answer: QueueAnswer = {
      enqueue: await timed(async () => {
        for (let first = 0; first < ids.length; first += AT_A_TIME) await stages.enqueue(ids.slice(first, first + AT_A_TIME), EVENT);
      }),
      work: await timed(() => stages.work(ids.length, EVENT)),
      consume: await timed(() => stages.consume(ids.length)),
    };
    await stages.close();
    return answer;
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
