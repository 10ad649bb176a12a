import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";
import { describeBackend } from "./backend-contract.js";

realServer("a queue on Redis", ["redis-server"], () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis({ isPersistent: true });
  });
  afterAll(() => redis.stop());

  describeBackend("redis:", {
    leaseMs: 300,
    // BullMQ promotes jobs that are due at the same moment in any order.
    keepsOrderOfHeld: false,
    async fresh() {
      const url = `${redis.url}?prefix=${randomUUID()}`;
      return { open: (options) => openRedis(url, options), remove: async () => undefined };
    },
  });
});
