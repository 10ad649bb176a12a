import type { Queue } from "bullmq";
import type { Connection } from "./connection.js";

/** The fields of a job, besides its data, that BullMQ parses as JSON when it fetches the job. */
const PARSED_FIELDS = ["opts", "progress", "parent"] as const;
const BATCH_SIZE = 500;

/** JSON that BullMQ cannot parse, or that is not what it expects: its commands fail with other errors. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof TypeError;
}

/**
 * Another program may have written a field that BullMQ cannot parse. Fetching such a job throws after it has been moved to active, and the error does
 * not name the job; it would stop every worker that fetches it. So all active jobs are examined, and what is unreadable is replaced: data by a text
 * that is no event, which makes the job a dead letter when it is fetched next, and other fields by their defaults. Those under this lock are returned
 * to the queue, the others when their locks expire.
 */
export async function repairUnreadable(connection: Connection, queue: Queue, token: string): Promise<void> {
  for (let first = 0; ; first += BATCH_SIZE) {
    const ids = await queue.getRanges(["active"], first, first + BATCH_SIZE - 1);
    await Promise.all(ids.map((id) => repairJob(connection, queue, id, token)));
    if (ids.length < BATCH_SIZE) return;
  }
}

async function repairJob({ client, bullMq }: Connection, queue: Queue, id: string, token: string): Promise<void> {
  const key = queue.toKey(id);
  const [data = null, ...rest] = await client.hmget(key, "data", ...PARSED_FIELDS);
  const isDataUnreadable = data !== null && data !== "" && !isJson(data);
  const unreadable = PARSED_FIELDS.filter((name, index) => !isReadable(name, rest[index] ?? null));
  if (!isDataUnreadable && unreadable.length === 0) return;
  if (isDataUnreadable) await client.hset(key, { data: JSON.stringify({ queuetext: data }) });
  for (const name of unreadable) await client.hdel(key, name);
  await new bullMq.Job(queue, "message", null, {}, id).moveToWait(token).catch(() => undefined);
}

function isReadable(name: (typeof PARSED_FIELDS)[number], text: string | null): boolean {
  return text === null || text === "" || (isJson(text) && !(name === "opts" && JSON.parse(text) === null));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
