import { failedAssertions, show } from "../../runner/assertions/assertions.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

type Seen = Pick<
  Output,
  "failure" | "steps" | "documents" | "request_count" | "received_bytes" | "console_error_count" | "failed_request_count" | "third_parties"
>;

export function judge(input: Input, seen: Seen): Finding[] {
  const usual = { ...input.expect, status: input.expect?.status ?? { below: 400 } };
  return [...unmetSteps(seen), ...unmet("error", usual, seen), ...unmet("warning", input.prefer ?? {}, seen)];
}

/** A step that failed without a failure of the page showed something else than was expected. */
function unmetSteps({ failure, steps }: Seen): Finding[] {
  if (failure !== null) return [];
  return steps.flatMap(({ outcome, name, message }, index) =>
    outcome === "failed" ? [finding("error", "expectation_failed", `step ${index} (${name}): ${message}`)] : [],
  );
}

function unmet(severity: Finding["severity"], wanted: Expectations, seen: Seen): Finding[] {
  const above = (reason: string, what: string, most: number | undefined, actual: number | null): Finding[] =>
    most === undefined || actual === null || actual <= most ? [] : [finding(severity, reason, `${what} is ${actual}, more than ${most}`, most, actual)];
  const took = seen.steps.reduce((sum, { duration_ms }) => sum + (duration_ms ?? 0), 0);
  return [
    ...statuses(severity, wanted, seen),
    ...seen.documents.flatMap((each) => [
      ...above("first_byte_late", `the first byte of ${each.url} in ms`, wanted.max_first_byte_ms, each.first_byte_ms),
      ...above("load_late", `the load of ${each.url} in ms`, wanted.max_load_ms, each.load_ms),
      ...above("paint_late", `the largest contentful paint of ${each.url} in ms`, wanted.max_largest_contentful_paint_ms, each.largest_contentful_paint_ms),
      ...above("layout_shifts", `the cumulative layout shift of ${each.url}`, wanted.max_cumulative_layout_shift, each.cumulative_layout_shift),
      ...above(
        "interaction_slow",
        `the interaction to next paint of ${each.url} in ms`,
        wanted.max_interaction_to_next_paint_ms,
        each.interaction_to_next_paint_ms,
      ),
    ]),
    ...above("journey_slow", "the duration of all steps in ms", wanted.max_duration_ms, Math.round(took)),
    ...above("too_many_requests", "the number of requests", wanted.max_requests, seen.request_count),
    ...above("too_many_bytes", "the number of bytes received", wanted.max_received_bytes, seen.received_bytes),
    ...above("console_errors", "the number of errors on the console", wanted.max_console_errors, seen.console_error_count),
    ...above("failed_requests", "the number of failed requests", wanted.max_failed_requests, seen.failed_request_count),
    ...above("too_many_third_parties", "the number of hosts of others", wanted.max_third_party_hosts, seen.third_parties.length),
  ];
}

function statuses(severity: Finding["severity"], { status: expected }: Expectations, { steps }: Seen): Finding[] {
  if (expected === undefined) return [];
  const assertion = Array.isArray(expected) ? { in: expected } : expected;
  return steps.flatMap(({ action, name, status }, index) => {
    const phrases = action === "goto" && status !== null ? failedAssertions(assertion as never, status) : [];
    if (phrases.length === 0) return [];
    return [
      finding(severity, "status_unexpected", `step ${index} (${name}): expected ${phrases.join(" and ")}, got ${show(status)}`, phrases.join(" and "), status),
    ];
  });
}
