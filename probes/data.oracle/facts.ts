import { floatValue } from "../../runner/data/number-value.js";
import type { OracleSession } from "../../runner/net/tns/session.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Output } from "./schema.js";

/** What every user may ask. */
const CONTEXT = `SELECT SYS_CONTEXT('USERENV', 'DATABASE_ROLE'), SYS_CONTEXT('USERENV', 'DB_NAME'),
 TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') FROM DUAL`;
/** These need SELECT on the views. */
const STATE = `SELECT (SELECT COUNT(*) FROM v$session), (SELECT value FROM v$parameter WHERE name = 'sessions'),
 (SELECT ROUND((SYSDATE - startup_time) * 86400) FROM v$instance), (SELECT open_mode FROM v$database) FROM DUAL`;
const LAG = `SELECT EXTRACT(DAY FROM lag) * 86400 + EXTRACT(HOUR FROM lag) * 3600 + EXTRACT(MINUTE FROM lag) * 60 + EXTRACT(SECOND FROM lag)
 FROM (SELECT TO_DSINTERVAL(value) lag FROM v$dataguard_stats WHERE name = 'apply lag')`;

type Facts = Partial<Output>;

/** Our own questions. What a user may not ask stays unknown. */
export async function readFacts(session: OracleSession): Promise<Facts> {
  const sentAt = Date.now();
  const context = await ask(session, "facts", CONTEXT);
  const [roleName, database, time] = context?.row ?? [];
  const [used, max, uptime, mode] = (await ask(session, "state", STATE))?.row ?? [];
  const role = typeof roleName === "string" ? (roleName === "PRIMARY" ? "primary" : "replica") : null;
  const lag = role === "replica" ? number((await ask(session, "lag", LAG))?.row[0]) : null;
  return {
    role,
    database: typeof database === "string" ? database : null,
    read_only: typeof mode === "string" ? mode.startsWith("READ ONLY") : null,
    replication_lag_s: lag,
    uptime_s: whole(uptime),
    connections: used === undefined ? null : { used: whole(used), max: whole(max) },
    ...clockFacts(time, sentAt + (context?.durationMs ?? 0) / 2),
  };
}

function clockFacts(time: unknown, now: number): Facts {
  const value = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(value) ? {} : { server_time: new Date(value).toISOString(), clock_offset_ms: Math.round(value - now) };
}

/** Null if the server refuses, as to a user without the privilege. */
async function ask(session: OracleSession, name: string, sql: string): Promise<{ row: readonly unknown[]; durationMs: number } | null> {
  try {
    const { rows, durationMs } = await session.query(name, "command", sql, [], 1);
    return { row: rows[0] ?? [], durationMs };
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected") throw error;
    return null;
  }
}

function number(text: unknown): number | null {
  const value = typeof text === "string" ? floatValue(text) : null;
  return typeof value === "number" ? value : null;
}

function whole(text: unknown): number | null {
  const value = number(text);
  return value !== null && Number.isSafeInteger(value) ? value : null;
}
