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
  return [...findings, ...healthFindings(seen), ...notMet("error", input.expect ?? {}, seen), ...notMet("warning", input.prefer ?? {}, seen)];
}

/** What is wrong with a server whatever is expected of it. */
function healthFindings({ role, set_name, primary, members }: Seen): Finding[] {
  const findings: Finding[] = [];
  if (role === null) findings.push(finding("warning", "no_role", "the server has no role: it starts, recovers, or is in no replica set that works"));
  if (set_name !== null && primary === null) findings.push(finding("error", "no_primary", `the replica set ${JSON.stringify(set_name)} has no primary`));
  for (const member of members)
    if (!member.is_healthy)
      findings.push(finding("warning", "member_unhealthy", `${member.name} is ${member.state || "not healthy"}`, "healthy", member.state));
  return findings;
}

function notMet(severity: Finding["severity"], wanted: Expectations, seen: Seen): Finding[] {
  const lag = seen.role === "replica" ? seen.replication_lag_s : 0;
  const offset = seen.clock_offset_ms === null ? null : Math.abs(seen.clock_offset_ms);
  const healthy = seen.members.length === 0 ? null : seen.members.filter(({ is_healthy }) => is_healthy).length;
  return [
    ...unmetValue(severity, "version_differs", "the server's version", wanted.server_version, seen.server_version),
    ...differs(severity, "role_differs", "the role", wanted.role, seen.role),
    ...differs(severity, "set_differs", "the replica set", wanted.set_name, seen.set_name),
    ...differs(severity, "anonymous_access", "access without a login", wanted.anonymous_access, seen.anonymous_access),
    ...tooFew(severity, "too_few_members", "healthy members", wanted.min_healthy_members, healthy),
    ...unmetValue(severity, "value_differs", "the first value", wanted.value, seen.rows[0]?.[0] ?? null),
    ...unmetValue(severity, "rows_differ", "the rows", wanted.rows, seen.rows),
    ...unmetValue(severity, "row_count_differs", "the number of rows", wanted.row_count, seen.row_count),
    ...tooMuch(severity, "slow_ping", "the time of the ping", wanted.max_ping_ms, seen.ping_ms, " ms"),
    ...tooMuch(severity, "slow_query", "the time of reading", wanted.max_query_ms, seen.query_ms, " ms"),
    ...tooMuch(severity, "replication_lag", "the lag of the replica", wanted.max_replication_lag_s, lag, " s"),
    ...tooMuch(severity, "clock_offset", "the difference of the clocks", wanted.max_clock_offset_ms, offset, " ms"),
  ];
}
