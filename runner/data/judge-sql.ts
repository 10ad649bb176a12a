import type { DataRow } from "../../schemas/data.js";
import type { Finding } from "../../schemas/finding.js";
import { differs, tooMuch, unmetValue } from "./judge.js";

type Severity = Finding["severity"];

export interface SqlExpectations {
  readonly server_version?: unknown;
  readonly value?: unknown;
  readonly rows?: unknown;
  readonly row_count?: unknown;
  readonly role?: "primary" | "replica";
  readonly read_only?: boolean;
  readonly max_ping_ms?: number;
  readonly max_query_ms?: number;
  readonly max_connections_percent?: number;
  readonly max_replication_lag_s?: number;
  readonly max_clock_offset_ms?: number;
}

export interface SqlFacts {
  readonly server_version: string | null;
  readonly role: "primary" | "replica" | null;
  readonly read_only: boolean | null;
  readonly ping_ms: number | null;
  readonly replication_lag_s: number | null;
  readonly clock_offset_ms: number | null;
  readonly connections: { readonly used: number | null; readonly max: number | null } | null;
  readonly query: { readonly last_row_ms: number } | null;
  readonly rows: readonly DataRow[];
  readonly row_count: number;
}

export function sqlFindings(severity: Severity, wanted: SqlExpectations, seen: SqlFacts): Finding[] {
  const lag = seen.role === "primary" ? 0 : seen.replication_lag_s;
  const offset = seen.clock_offset_ms === null ? null : Math.abs(seen.clock_offset_ms);
  return [
    ...unmetValue(severity, "version_differs", "the server's version", wanted.server_version, seen.server_version),
    ...differs(severity, "role_differs", "the role", wanted.role, seen.role),
    ...differs(severity, "read_only_differs", "read-only", wanted.read_only, seen.read_only),
    ...unmetValue(severity, "value_differs", "the first value", wanted.value, seen.rows[0]?.[0] ?? null),
    ...unmetValue(severity, "rows_differ", "the rows", wanted.rows, seen.rows),
    ...unmetValue(severity, "row_count_differs", "the number of rows", wanted.row_count, seen.row_count),
    ...tooMuch(severity, "slow_ping", "the time of the ping", wanted.max_ping_ms, seen.ping_ms, " ms"),
    ...tooMuch(severity, "slow_query", "the time of the statement", wanted.max_query_ms, seen.query?.last_row_ms ?? null, " ms"),
    ...tooMuch(severity, "connections_used", "the used part of the allowed connections", wanted.max_connections_percent, usedPercent(seen), "%"),
    ...tooMuch(severity, "replication_lag", "the lag of the replica", wanted.max_replication_lag_s, lag, " s"),
    ...tooMuch(severity, "clock_offset", "the difference of the clocks", wanted.max_clock_offset_ms, offset, " ms"),
  ];
}

function usedPercent({ connections }: SqlFacts): number | null {
  const { used = null, max = null } = connections ?? {};
  return used === null || max === null || max === 0 ? null : Math.round((used / max) * 1000) / 10;
}
