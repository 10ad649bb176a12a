import { Redis as Client } from "ioredis";
import { expect, test } from "vitest";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { PartialPushError } from "../../../runner/queue/queue-error.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { startRedis } from "../../support/redis.js";
import { message } from "./backend-contract.js";

const MIB = 1024 * 1024;

realServer("a batch that is more than Redis has memory for", ["redis-server"], () => {
  test("reports which messages are stored, and can be repeated", async () => {
    const redis = await startRedis({ isPersistent: true });
    const client = new Client(redis.url);
    const { jobs, close } = await openRedis(redis.url, BACKEND_DEFAULTS);
    try {
      const batch = Array.from({ length: 24 }, (_, index) => ({ ...message(`big-${index}`), body: JSON.stringify("x".repeat(MIB)) }));
      await jobs?.push([message("first")]);
      const used = Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
      await client.config("SET", "maxmemory", String(used + 12 * MIB), "maxmemory-policy", "noeviction");
      const error = await jobs?.push(batch).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(PartialPushError);
      const { answers, message: text } = error as PartialPushError;
      const stored = answers.filter((answer) => answer === "accepted").length;
      expect(answers).toHaveLength(batch.length);
      expect(stored).toBeGreaterThan(0);
      expect(stored).toBeLessThan(batch.length);
      expect(text).toContain(`${stored} of ${batch.length} messages were stored`);
      await client.config("SET", "maxmemory", "0");
      expect(await jobs?.counts()).toMatchObject({ waiting: stored + 1 });
      expect(await jobs?.push(batch)).toEqual(answers.map((answer) => (answer === null ? "accepted" : "duplicate")));
      expect(await jobs?.counts()).toMatchObject({ waiting: batch.length + 1 });
    } finally {
      await close();
      client.disconnect();
      await redis.stop();
    }
  });
});
