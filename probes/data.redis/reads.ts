import { textValue } from "../../runner/data/text-value.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { RedisReply } from "../../runner/net/redis/resp.js";
import type { RedisSession } from "../../runner/net/redis/session.js";
import type { DataRow, DataValue } from "../../schemas/data.js";
import type { Input, Output } from "./schema.js";

/** Runs each read once. An error, as MOVED of a cluster, is that read's result, and its row is empty. */
export async function readAll({ reads }: Input, session: RedisSession, evidence: Evidence<Output>): Promise<void> {
  for (const { command, arguments: words } of reads) {
    const { reply, duration_ms } = await session.command("query", command, ...words);
    evidence.reads.push({ command, type: reply.type, error: reply.type === "error" ? reply.text : null, duration_ms });
    evidence.rows.push(rowOf(reply));
    evidence.row_count = evidence.rows.length;
  }
}

function rowOf(reply: RedisReply): DataRow {
  if (reply.type === "error") return [];
  return "items" in reply ? reply.items.map(dataValue) : [dataValue(reply)];
}

function dataValue(reply: RedisReply): DataValue {
  switch (reply.type) {
    case "bulk":
      return textValue(reply.bytes);
    case "number":
    case "boolean":
      return reply.value;
    case "status":
      return reply.text;
    default:
      return null;
  }
}
