import { differs, tooFew, tooMuch, unmetValue } from "../../runner/data/judge.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  const findings = certificateFindings(seen.tls, input.tls, input.target_host);
  if (seen.failure !== null) return findings;
  return [...findings, ...notMet("error", input.expect ?? {}, seen), ...notMet("warning", input.prefer ?? {}, seen)];
}

function notMet(severity: Finding["severity"], wanted: Expectations, seen: Evidence<Output>): Finding[] {
  const offset = seen.clock_offset_ms === null ? null : Math.abs(seen.clock_offset_ms);
  return [
    ...unmetValue(severity, "version_differs", "the server's version", wanted.server_version, seen.server_version),
    ...differs(severity, "cluster_differs", "the cluster's name", wanted.cluster_name, seen.cluster_name),
    ...differs(severity, "data_center_differs", "the data centre", wanted.data_center, seen.data_center),
    ...differs(severity, "anonymous_access", "access without a login", wanted.anonymous_access, seen.anonymous_access),
    ...tooFew(severity, "too_few_peers", "other nodes", wanted.min_peers, seen.peers.length),
    ...differs(severity, "schema_differs", "agreement on the schema", wanted.schema_agreement, seen.schema_agreement),
    ...tooMuch(severity, "slow_ping", "the time of the ping", wanted.max_ping_ms, seen.ping_ms, " ms"),
    ...tooMuch(severity, "clock_offset", "the difference of the clocks", wanted.max_clock_offset_ms, offset, " ms"),
  ];
}
