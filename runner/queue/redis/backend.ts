import type { Backend } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { QueueError } from "../queue-error.js";
import { type RedisAddress, readRedisUrl } from "./address.js";
import { RedisChannel } from "./channel.js";
import { Connection } from "./connection.js";
import { inspect } from "./inspect.js";

/** Jobs and results as two queues of BullMQ, "jobs" and "results". */
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
      await Promise.all([jobs.close(), results.close()]);
      await connection.close();
    },
  };
}

async function assertThere(connection: Connection): Promise<void> {
  const { shown } = connection.address;
  const queue = connection.queue("jobs", { skipMetasUpdate: true });
  const version = await connection.guard(() => queue.getVersion());
  if (version !== null) return;
  throw new QueueError("not_a_queue", `there is no queue at ${shown}: check the URL, or create it with \`probe-run enqueue\``);
}
