import type { Backend } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { QueueError } from "../queue-error.js";
import { type RedisAddress, readRedisUrl } from "./address.js";
import { RedisChannel } from "./channel.js";
import { Connection } from "./connection.js";
import { inspect } from "./inspect.js";

/**
 * Jobs and results as two queues of BullMQ, "jobs" and "results", for machines as many as there are. BullMQ keeps, shows, pauses and
 * revives them, and its tools and workers see what they know; our scripts move them in batches, under limits by key.
 */
export async function openRedis(url: string, options: BackendOptions): Promise<Backend> {
  const connection = await Connection.open(readRedisUrl(url));
  try {
    await inspect(connection);
    if (!options.mayCreate) await assertThere(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return backendOn(connection, connection.address, options);
}

function backendOn(connection: Connection, { shown }: RedisAddress, { retentionMs }: BackendOptions): Backend {
  const results = new RedisChannel(connection, connection.queue("results"), retentionMs, null);
  const jobs = new RedisChannel(connection, connection.queue("jobs"), retentionMs, results);
  return {
    address: shown,
    jobs,
    results,
    async close() {
      jobs.close();
      results.close();
      await connection.close();
    },
  };
}

async function assertThere(connection: Connection): Promise<void> {
  const { shown, prefix } = connection.address;
  const version = await connection.guard(() => connection.client.hget(`${prefix}:jobs:meta`, "version"));
  if (version !== null) return;
  throw new QueueError("not_a_queue", `there is no queue at ${shown}: check the address, or put something in it with \`probe-run enqueue\``);
}
