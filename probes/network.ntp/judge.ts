import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  const findings: Finding[] = [];
  if (seen.kiss_code !== null)
    findings.push(finding("error", "kiss_of_death", `the server refuses to give the time: ${seen.kiss_code} (RFC 5905, section 7.4)`, null, seen.kiss_code));
  if (seen.failure !== null || seen.stratum === null || seen.kiss_code !== null) return findings;
  findings.push(...unmet("error", { ...input.expect, synchronised: input.expect?.synchronised ?? true }, seen));
  findings.push(...unmet("warning", input.prefer ?? {}, seen));
  const lost = seen.samples.filter(({ outcome }) => outcome === "timeout").length;
  if (lost > 0) findings.push(finding("warning", "samples_lost", `${lost} of ${seen.samples.length} requests were not answered`, 0, lost));
  return findings;
}

function unmet(severity: Finding["severity"], wanted: Expectations, seen: Evidence<Output>): Finding[] {
  const above = (reason: string, what: string, most: number | undefined, actual: number | null): Finding[] =>
    most === undefined || (actual !== null && actual <= most)
      ? []
      : [finding(severity, reason, `${what} is ${actual ?? "unknown"}, more than ${most}`, most, actual)];
  const isAsWanted = wanted.synchronised === undefined || wanted.synchronised === seen.synchronised;
  const words = seen.synchronised ? "synchronised" : "not synchronised";
  return [
    ...(isAsWanted ? [] : [finding(severity, "synchronisation", `the server's clock is ${words}`, String(wanted.synchronised), String(seen.synchronised))]),
    ...above("offset_too_large", "the offset in ms", wanted.max_offset_ms, seen.offset_ms === null ? null : Math.abs(seen.offset_ms)),
    ...above("stratum_too_high", "the stratum", wanted.max_stratum, seen.stratum),
    ...above("root_distance_too_large", "the root distance in ms", wanted.max_root_distance_ms, seen.root_distance_ms),
    ...above("reference_too_old", "the reference's age in s", wanted.max_reference_age_s, seen.reference_age_s),
  ];
}
