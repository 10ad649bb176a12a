import { sqlFindings } from "../../runner/data/judge-sql.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  const findings = certificateFindings(seen.tls, input.tls, input.target_host);
  if (seen.failure !== null) return findings;
  return [...findings, ...stopped(seen), ...notMet("error", input.expect ?? {}, seen), ...notMet("warning", input.prefer ?? {}, seen)];
}

function stopped({ replication }: Evidence<Output>): Finding[] {
  if (replication === null || (replication.io_running === "Yes" && replication.sql_running === "Yes")) return [];
  const states = `receiving: ${replication.io_running ?? "not known"}, applying: ${replication.sql_running ?? "not known"}`;
  const reason = replication.last_error === null ? "" : `: ${replication.last_error}`;
  return [finding("warning", "replication_stopped", `the replica does not follow its source (${states})${reason}`, "Yes", states)];
}

function notMet(severity: Finding["severity"], wanted: Expectations, seen: Evidence<Output>): Finding[] {
  const method = seen.auth?.method ?? null;
  const { auth_methods: methods } = wanted;
  const isOther = methods !== undefined && (method === null || !methods.includes(method));
  return [
    ...sqlFindings(severity, wanted, seen),
    ...(isOther ? [finding(severity, "auth_method_differs", `the login was by ${method}`, methods.join(", "), method)] : []),
  ];
}
