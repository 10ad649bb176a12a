import { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Backend, Channel } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";
import { message } from "./backend-contract.js";

const MESSAGES = 256;
/** Every message is at least one command in each step: a write for each would be hundreds. */
const FEW = MESSAGES / 8;

realServer("the commands of a batch", ["redis-server"], () => {
  let redis: Redis;
  let backend: Backend;
  let jobs: Channel;

  beforeEach(async () => {
    redis = await startRedis({ isPersistent: true });
    backend = await openRedis(redis.url, BACKEND_DEFAULTS);
    jobs = backend.jobs as Channel;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await backend.close();
    await redis.stop();
  });

  test("leave together: when it is pushed, claimed and settled", async () => {
    // Node calls one of these for each write that it hands over to the system.
    const handedOver = [vi.spyOn(Socket.prototype, "_write"), vi.spyOn(Socket.prototype, "_writev" as "_write")];
    const writes = (): number =>
      handedOver.reduce((sum, { mock }) => sum + mock.contexts.filter((socket) => (socket as Socket).remotePort === redis.port).length, 0);
    const inFewWrites = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      const before = writes();
      const result = await work();
      expect(writes() - before).toBeGreaterThan(0);
      expect(writes() - before).toBeLessThan(FEW);
      return result;
    };
    await inFewWrites(() => jobs.push(Array.from({ length: MESSAGES }, (_, index) => message(`m${index}`))));
    const claimed = await inFewWrites(() => jobs.claim({ max: MESSAGES, leaseMs: 60_000, waitMs: 0, limits: NO_LIMITS }));
    expect(claimed).toHaveLength(MESSAGES);
    const settlements = claimed.map((leased) => ({ message: leased, outcome: { kind: "done", result: message(`${leased.id}:result`) } as const }));
    expect(new Set(await inFewWrites(() => jobs.settle(settlements)))).toEqual(new Set(["stored"]));
    expect(await backend.results.push([message("m0:result")])).toEqual(["duplicate"]);
  });
});
