import { differs, tooFew, tooMuch, unmetValue } from "../../runner/data/judge.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

type Seen = Evidence<Output>;

/** The service refuses signatures whose time differs by more. */
const MAX_SKEW_MS = 300_000;
/** A table in these states takes reads and writes. */
const USABLE: ReadonlySet<string> = new Set(["ACTIVE", "UPDATING"]);

export function judge(input: Input, seen: Seen): Finding[] {
  const findings = [...certificateFindings(seen.tls, input.tls, input.target_host), ...clockFindings(seen)];
  if (seen.failure !== null) return findings;
  return [...findings, ...tableFindings(seen), ...notMet("error", input.expect ?? {}, seen), ...notMet("warning", input.prefer ?? {}, seen)];
}

/** It explains a refused signature. */
function clockFindings({ clock_offset_ms: offset }: Seen): Finding[] {
  if (offset === null || Math.abs(offset) <= MAX_SKEW_MS) return [];
  const seconds = Math.round(Math.abs(offset) / 1000);
  return [
    finding(
      "warning",
      "clock_skew",
      `this machine's clock is ${seconds} s ${offset > 0 ? "behind" : "ahead"}: DynamoDB refuses signatures that are more than 300 s off`,
      MAX_SKEW_MS,
      offset,
    ),
  ];
}

/** What is wrong with a table whatever is expected of it. */
function tableFindings({ table }: Seen): Finding[] {
  if (table === null) return [];
  const findings: Finding[] = [];
  if (!USABLE.has(table.status))
    findings.push(finding("error", "table_not_active", `the table ${table.name} is ${table.status || "in no state"}`, "ACTIVE", table.status));
  for (const { name, status } of table.indexes)
    if (!USABLE.has(status)) findings.push(finding("warning", "index_not_active", `the index ${name} is ${status || "in no state"}`, "ACTIVE", status));
  for (const { name, status } of table.replicas)
    if (!USABLE.has(status)) findings.push(finding("warning", "replica_not_active", `the replica in ${name} is ${status || "in no state"}`, "ACTIVE", status));
  return findings;
}

function notMet(severity: Finding["severity"], wanted: Expectations, seen: Seen): Finding[] {
  const offset = seen.clock_offset_ms === null ? null : Math.abs(seen.clock_offset_ms);
  return [
    ...differs(severity, "anonymous_access", "access without a signature", wanted.anonymous_access, seen.anonymous_access),
    ...tooFew(severity, "too_few_items", "items of the table", wanted.min_items, seen.table?.item_count ?? null),
    ...unmetValue(severity, "value_differs", "the first value", wanted.value, seen.rows[0]?.[0] ?? null),
    ...unmetValue(severity, "rows_differ", "the rows", wanted.rows, seen.rows),
    ...unmetValue(severity, "row_count_differs", "the number of rows", wanted.row_count, seen.row_count),
    ...tooMuch(severity, "slow_ping", "the time of the ping", wanted.max_ping_ms, seen.ping_ms, " ms"),
    ...tooMuch(severity, "slow_query", "the time of reading", wanted.max_query_ms, seen.query_ms, " ms"),
    ...tooMuch(severity, "clock_offset", "the difference of the clocks", wanted.max_clock_offset_ms, offset, " ms"),
  ];
}
