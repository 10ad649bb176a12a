import { failedAssertions, show } from "../../runner/assertions/assertions.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  const findings = certificateFindings(seen.tls, input.tls, input.target_host);
  if (seen.failure !== null) return findings;
  const refused = seen.subscriptions.filter(({ code }) => code !== null && code >= 128);
  return [
    ...findings,
    ...refused.map(({ topic, reason }) =>
      finding("error", "subscription_refused", `the broker refuses the subscription to ${JSON.stringify(topic)}: ${reason}`, null, reason),
    ),
    ...(seen.published !== null && seen.published.code >= 128
      ? [finding("error", "publish_refused", `the broker refuses the message: ${seen.published.reason}`, null, seen.published.reason)]
      : []),
    ...notMet("error", input.expect ?? {}, seen),
    ...notMet("warning", input.prefer ?? {}, seen),
  ];
}

function notMet(severity: Finding["severity"], wanted: Expectations, seen: Evidence<Output>): Finding[] {
  const findings: Finding[] = [];
  const { live_count: live } = seen;
  if (wanted.min_messages !== undefined && live < wanted.min_messages)
    findings.push(finding(severity, "too_few_messages", `${live} live messages arrived, not ${wanted.min_messages}`, wanted.min_messages, live));
  if (wanted.message !== undefined) {
    const last = seen.messages.at(-1)?.payload ?? null;
    const phrases = failedAssertions(wanted.message, last);
    if (phrases.length > 0)
      findings.push(
        finding(severity, "message_differs", `the message: expected ${phrases.join(" and ")}, got ${show(last)}`, phrases.join(" and "), show(last)),
      );
  }
  const late = (reason: string, what: string, most: number | undefined, actual: number | null): void => {
    if (most !== undefined && (actual === null || actual > most))
      findings.push(finding(severity, reason, `${what} took ${actual ?? "longer than was waited"}, more than ${most} ms`, most, actual));
  };
  late("slow_ping", "the ping", wanted.max_ping_ms, seen.ping_ms);
  late("slow_round_trip", "the message's way back", wanted.max_round_trip_ms, seen.published?.round_trip_ms ?? null);
  return findings;
}
