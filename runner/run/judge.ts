import type { Status } from "../../schemas/carried.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";

/** A run is as bad as the worst thing in it. */
export function statusOf(failure: Failure | null, findings: readonly Finding[]): Status {
  if (failure !== null || findings.some((finding) => finding.severity === "error")) return "error";
  return findings.length > 0 ? "warning" : "ok";
}

export function finding(
  severity: Finding["severity"],
  reason: string,
  message: string,
  expected: string | number | null = null,
  actual: string | number | null = null,
): Finding {
  return { severity, reason, message, expected: expected === null ? null : String(expected), actual: actual === null ? null : String(actual) };
}

/** Each finding once: several connections to one host may have met the same. */
export function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((each) => [`${each.reason} ${each.message}`, each])).values()];
}
