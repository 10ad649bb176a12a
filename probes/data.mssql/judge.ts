import { differs } from "../../runner/data/judge.js";
import { sqlFindings } from "../../runner/data/judge-sql.js";
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
  return [...sqlFindings(severity, wanted, seen), ...differs(severity, "encryption_differs", "the encryption", wanted.encryption, seen.encryption)];
}
