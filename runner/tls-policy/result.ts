import type { TlsResult } from "../../schemas/tls-policy.js";
import type { HostTls } from "./policy.js";
import type { Breach } from "./violation.js";

/** One session, or a policy that could not be had, as a TLS report counts it. */
export function resultOf(report: HostTls["report"], host: string | null, breach: Breach | null): TlsResult {
  return { ...report, receiving_mx_hostname: host, result_type: breach?.type ?? null, failure_reason_code: breach?.message ?? null };
}
