import type { TlsResult } from "../../schemas/tls-policy.js";
import type { HostTls } from "./policy.js";
import type { PolicyViolation } from "./violation.js";

/** One session, or a policy that could not be had, as a TLS report counts it. */
export function resultOf(report: HostTls["report"], host: string | null, violation: PolicyViolation | null): TlsResult {
  return { ...report, receiving_mx_hostname: host, result_type: violation?.type ?? null, failure_reason_code: violation?.message ?? null };
}
