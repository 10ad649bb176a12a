import { floatValue } from "../../runner/data/number-value.js";
import type { PostgresSession } from "../../runner/net/postgresql/session.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Output } from "./schema.js";

/**
 * One question of our own. It calls the functions behind pg_stat_replication and pg_stat_database: a session is new, so it would have to read and
 * plan both views. A replica that has replayed all that it received is not behind, however old the last transaction is.
 */
export const QUESTION = `SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only'),
  CASE WHEN NOT pg_is_in_recovery() THEN NULL
       WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
       ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END,
  (SELECT count(*) FROM pg_stat_get_wal_senders()), extract(epoch FROM clock_timestamp()) * 1000,
  floor(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())),
  (SELECT sum(pg_stat_get_db_numbackends(oid)) FROM pg_database), current_setting('max_connections'), current_database()`;

/** A server that speaks the protocol and is not PostgreSQL may not understand the question: then nothing is known. */
export async function readFacts(session: PostgresSession): Promise<Partial<Output>> {
  const sentAt = Date.now();
  try {
    const { rows, duration_ms } = await session.query("facts", "command", QUESTION);
    return factsOf(rows[0] ?? [], sentAt + duration_ms / 2);
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected" || session.connection.hasEnded) throw error;
    return {};
  }
}

function factsOf(row: readonly (string | null)[], now: number): Partial<Output> {
  const [inRecovery, readOnly, lag, replicas, time, uptime, used, max, database] = row;
  const isReplica = inRecovery === "t";
  const serverTime = number(time);
  return {
    role: inRecovery === undefined ? null : isReplica ? "replica" : "primary",
    read_only: readOnly === undefined ? null : isReplica || readOnly === "on",
    replication_lag_s: number(lag),
    replicas: whole(replicas),
    ...(serverTime === null || Math.abs(serverTime) > MAX_TIME
      ? {}
      : { server_time: new Date(serverTime).toISOString(), clock_offset_ms: Math.round(serverTime - now) }),
    uptime_s: whole(uptime),
    connections: { used: whole(used), max: whole(max) },
    database: database ?? null,
  };
}

/** The last moment that a Date knows. */
const MAX_TIME = 8.64e15;

/** A lag of microseconds is rounded to them. */
function number(text: string | null | undefined): number | null {
  const value = typeof text === "string" ? floatValue(text) : null;
  return typeof value === "number" ? Math.round(value * 1e6) / 1e6 : null;
}

function whole(text: string | null | undefined): number | null {
  const value = number(text);
  return value !== null && Number.isSafeInteger(value) ? value : null;
}
