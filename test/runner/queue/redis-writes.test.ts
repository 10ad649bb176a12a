import { connect, createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Backend, Channel } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";
import { message } from "./backend-contract.js";

const MESSAGES = 256;
/** Every message is at least one command in each step. A write of its own for each would be hundreds. */
const FEW = MESSAGES / 4;

realServer("the commands of a batch", ["redis-server"], () => {
  let redis: Redis;
  let counted: Counted;
  let backend: Backend;
  let jobs: Channel;

  beforeEach(async () => {
    redis = await startRedis({ isPersistent: true });
    counted = await countWrites(redis.port);
    backend = await openRedis(`redis://127.0.0.1:${counted.port}/0`, BACKEND_DEFAULTS);
    jobs = backend.jobs as Channel;
  });
  afterEach(async () => {
    await backend.close();
    counted.close();
    await redis.stop();
  });

  test("leave together: when it is pushed, claimed and settled", async () => {
    const writes = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      const before = counted.writes;
      const result = await work();
      expect(counted.writes - before).toBeLessThan(FEW);
      return result;
    };
    await writes(() => jobs.push(Array.from({ length: MESSAGES }, (_, index) => message(`m${index}`))));
    const claimed = await writes(() => jobs.claim({ max: MESSAGES, leaseMs: 60_000, waitMs: 0, limits: NO_LIMITS }));
    expect(claimed).toHaveLength(MESSAGES);
    const answers = await writes(() =>
      jobs.settle(claimed.map((leased) => ({ message: leased, outcome: { kind: "done", result: message(`${leased.id}:result`) } }))),
    );
    expect(new Set(answers)).toEqual(new Set(["stored"]));
    expect(await backend.results.push([message("m0:result")])).toEqual(["duplicate"]);
  });
});

interface Counted {
  readonly port: number;
  /** How many times something arrived from the queue: at most as often as it has written. */
  readonly writes: number;
  close(): void;
}

/** A proxy to Redis. */
async function countWrites(redisPort: number): Promise<Counted> {
  let writes = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: "127.0.0.1", port: redisPort, noDelay: true });
    client.on("data", () => {
      writes += 1;
    });
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    get writes() {
      return writes;
    },
    close: () => void server.close(),
  };
}
