import { sqlFindings } from "../../runner/data/judge-sql.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import type { Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  const findings = certificateFindings(seen.tls, input.tls, input.target_host);
  if (seen.failure !== null) return findings;
  return [...findings, ...sqlFindings("error", input.expect ?? {}, seen), ...sqlFindings("warning", input.prefer ?? {}, seen)];
}
