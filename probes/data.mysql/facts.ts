import { floatValue } from "../../runner/data/number-value.js";
import type { MysqlSession, TextRow } from "../../runner/net/mysql/session.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Output } from "./schema.js";

export const VARIABLES =
  "SELECT @@version AS version, @@version_comment AS name, @@read_only AS read_only, @@max_connections AS max_connections, UNIX_TIMESTAMP(NOW(6)) * 1000 AS time, DATABASE() AS db";
export const STATUS = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Uptime', 'Slaves_connected')";
/** Servers since MariaDB 10.5 and MySQL 8.0.22; and those before. */
export const REPLICATION = ["SHOW REPLICA STATUS", "SHOW SLAVE STATUS"] as const;

type Facts = Partial<Output>;

/** Our own questions. What a user may not ask stays unknown. */
export async function readFacts(session: MysqlSession): Promise<Facts> {
  const sentAt = Date.now();
  const variables = await ask(session, "facts", VARIABLES);
  const status = new Map((await ask(session, "status", STATUS))?.rows.map((row) => [row.Variable_name ?? "", row.Value ?? null]));
  return {
    ...(variables === null ? {} : variableFacts(variables.rows[0] ?? {}, sentAt + variables.duration_ms / 2)),
    replicas: whole(status.get("Slaves_connected")),
    uptime_s: whole(status.get("Uptime")),
    connections: status.size === 0 ? null : { used: whole(status.get("Threads_connected")), max: whole(variables?.rows[0]?.max_connections) },
    ...(await replicationFacts(session)),
  };
}

function variableFacts({ version, name, read_only, time, db }: TextRow, now: number): Facts {
  const serverTime = number(time);
  const clock =
    serverTime === null || Math.abs(serverTime) > MAX_TIME
      ? {}
      : { server_time: new Date(serverTime).toISOString(), clock_offset_ms: Math.round(serverTime - now) };
  return {
    ...(version == null ? {} : { server_version: version }),
    server_name: name ?? null,
    read_only: read_only == null ? null : !["0", "OFF"].includes(read_only.toUpperCase()),
    database: db ?? null,
    ...clock,
  };
}

/** The last moment that a Date knows. */
const MAX_TIME = 8.64e15;

async function replicationFacts(session: MysqlSession): Promise<Facts> {
  for (const question of REPLICATION) {
    const answer = await ask(session, "replication", question);
    if (answer === null) continue;
    const [row] = answer.rows;
    if (row === undefined) return { role: "primary" };
    // The words changed with the versions.
    const one = (...names: readonly string[]): string | null => names.map((name) => row[name]).find((value) => value != null) ?? null;
    return {
      role: "replica",
      replication_lag_s: number(one("Seconds_Behind_Source", "Seconds_Behind_Master")),
      replication: {
        source_host: one("Source_Host", "Master_Host"),
        io_running: one("Replica_IO_Running", "Slave_IO_Running"),
        sql_running: one("Replica_SQL_Running", "Slave_SQL_Running"),
        last_error: one("Last_Error", "Last_IO_Error", "Last_SQL_Error") || one("Last_IO_Error") || null,
      },
    };
  }
  return {};
}

/** Null if the server refuses, as to a user without the privilege. */
async function ask(session: MysqlSession, name: string, sql: string): Promise<{ rows: TextRow[]; duration_ms: number } | null> {
  try {
    return await session.query(name, "command", sql);
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected" || session.connection.hasEnded) throw error;
    return null;
  }
}

function number(text: string | null | undefined): number | null {
  const value = typeof text === "string" ? floatValue(text) : null;
  return typeof value === "number" ? value : null;
}

function whole(text: string | null | undefined): number | null {
  const value = number(text);
  return value !== null && Number.isSafeInteger(value) ? value : null;
}
