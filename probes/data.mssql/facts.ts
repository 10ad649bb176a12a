import type { TdsSession } from "../../runner/net/tds/session.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Output } from "./schema.js";

/** What every user may ask. */
const SERVER = `SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('Edition') AS nvarchar(128)),
 CONVERT(nvarchar(33), SYSUTCDATETIME(), 127), DB_NAME(), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(16)),
 CAST(SERVERPROPERTY('IsHadrEnabled') AS int), @@MAX_CONNECTIONS`;
/** These need VIEW SERVER STATE. */
const STATE = `SELECT DATEDIFF(second, sqlserver_start_time, GETDATE()), (SELECT COUNT(*) FROM sys.dm_exec_connections) FROM sys.dm_os_sys_info`;
const GROUP = `SELECT CAST(is_primary_replica AS int), secondary_lag_seconds FROM sys.dm_hadr_database_replica_states WHERE is_local = 1 AND database_id = DB_ID()`;

type Facts = Partial<Output>;

/** Our own questions. What a user may not ask stays unknown. */
export async function readFacts(session: TdsSession): Promise<Facts> {
  const sentAt = Date.now();
  const server = await ask(session, "facts", SERVER);
  const [version, edition, time, database, updateability, usesGroups, maxConnections] = server?.row ?? [];
  const state = await ask(session, "state", STATE);
  const [uptime, connections] = state?.row ?? [];
  return {
    ...(typeof version === "string" ? { server_version: version } : {}),
    edition: text(edition),
    database: text(database),
    read_only: updateability === undefined ? null : updateability === "READ_ONLY",
    ...clockFacts(time, sentAt + (server?.durationMs ?? 0) / 2),
    uptime_s: whole(uptime),
    connections: server === null ? null : { used: whole(connections), max: whole(maxConnections) },
    ...(usesGroups === 0 ? { role: "primary" as const } : await groupFacts(session)),
  };
}

/** A database in no availability group follows no other. */
async function groupFacts(session: TdsSession): Promise<Facts> {
  const answer = await ask(session, "availability group", GROUP);
  if (answer === null) return {};
  const [isPrimary, lag] = answer.row;
  if (isPrimary === undefined || isPrimary === 1) return { role: "primary" };
  return { role: "replica", replication_lag_s: typeof lag === "string" || typeof lag === "number" ? whole(Number(lag)) : null };
}

/** In UTC with seven digits of a second, without a zone. */
function clockFacts(time: unknown, now: number): Facts {
  const value = typeof time === "string" ? Date.parse(`${time.slice(0, 23)}Z`) : Number.NaN;
  return Number.isNaN(value) ? {} : { server_time: new Date(value).toISOString(), clock_offset_ms: Math.round(value - now) };
}

/** Null if the server refuses, as to a user without the privilege. */
async function ask(session: TdsSession, name: string, sql: string): Promise<{ row: readonly unknown[]; durationMs: number } | null> {
  try {
    const { rows, durationMs } = await session.query(name, "command", sql, [], 1);
    return { row: rows[0] ?? [], durationMs };
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected") throw error;
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function whole(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
