import { differs, tooFew, tooMuch, unmetValue } from "../../runner/data/judge.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

type Seen = Evidence<Output>;

export function judge(input: Input, seen: Seen): Finding[] {
  const findings = certificateFindings(seen.tls, input.tls, input.target_host);
  if (seen.failure !== null) return findings;
  return [
    ...findings,
    ...healthFindings(seen),
    ...input.reads.flatMap((read, index) => readFindings(read.value, seen, index)),
    ...notMet("error", input.expect ?? {}, seen),
    ...notMet("warning", input.prefer ?? {}, seen),
  ];
}

/** What is wrong with a server whatever is expected of it. */
function healthFindings({ replication, persistence, cluster, sentinel, loading }: Seen): Finding[] {
  const findings: Finding[] = [];
  if (loading === true) findings.push(finding("warning", "loading", "the server still reads its data from disk"));
  if (replication?.primary_link === "down") findings.push(finding("warning", "primary_link_down", "the replica is not connected to its primary", "up", "down"));
  if (persistence?.last_save_ok === false) findings.push(finding("warning", "save_failed", "the last snapshot could not be written"));
  if (persistence?.last_append_ok === false) findings.push(finding("warning", "append_failed", "the append-only file could not be written"));
  if (cluster !== null && cluster.state !== "ok")
    findings.push(finding("error", "cluster_failed", `the cluster's state is ${cluster.state ?? "not known"}`, "ok", cluster.state));
  for (const { name, status } of sentinel)
    if (status !== "ok") findings.push(finding("warning", "primary_failing", `Sentinel says of ${JSON.stringify(name)}: ${status}`, "ok", status));
  return findings;
}

function readFindings(expected: unknown, { reads, rows }: Seen, index: number): Finding[] {
  const read = reads[index];
  if (read === undefined) return [];
  if (read.error !== null) return [finding("error", "read_refused", `the server refuses ${read.command}: ${read.error}`, null, read.error)];
  return unmetValue("error", "value_differs", `the value of read ${index + 1} (${read.command})`, expected, rows[index]?.[0] ?? null);
}

function notMet(severity: Finding["severity"], wanted: Expectations, seen: Seen): Finding[] {
  const { memory, clients, replication } = seen;
  const usedPercent = memory?.limit_bytes === 0 ? 0 : percent(memory?.used_bytes ?? null, memory?.limit_bytes ?? null);
  const offset = seen.clock_offset_ms === null ? null : Math.abs(seen.clock_offset_ms);
  return [
    ...unmetValue(severity, "version_differs", "the server's version", wanted.server_version, seen.server_version),
    ...differs(severity, "role_differs", "the role", wanted.role, seen.role),
    ...differs(severity, "anonymous_access", "access without a login", wanted.anonymous_access, seen.anonymous_access),
    ...tooFew(severity, "too_few_replicas", "connected replicas", wanted.min_replicas, replication?.replicas ?? null),
    ...tooMuch(severity, "slow_ping", "the time of the ping", wanted.max_ping_ms, seen.ping_ms, " ms"),
    ...tooMuch(severity, "memory_used", "the used part of the memory limit", wanted.max_memory_percent, usedPercent, "%"),
    ...tooMuch(
      severity,
      "clients_connected",
      "the used part of the allowed clients",
      wanted.max_clients_percent,
      percent(clients?.connected ?? null, clients?.max ?? null),
      "%",
    ),
    ...tooMuch(severity, "clock_offset", "the difference of the clocks", wanted.max_clock_offset_ms, offset, " ms"),
  ];
}

function percent(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : Math.round((part / whole) * 1000) / 10;
}
