import type { Finding } from "../../schemas/finding.js";
import { failedAssertions, show } from "../assertions/assertions.js";
import { finding } from "../run/judge.js";

type Severity = Finding["severity"];

/** A value that must fulfil assertions. Nothing is asked for if `expected` is undefined. */
export function unmetValue(severity: Severity, reason: string, what: string, expected: unknown, actual: unknown): Finding[] {
  const phrases = expected === undefined ? [] : failedAssertions(expected, actual);
  if (phrases.length === 0) return [];
  const wanted = phrases.join(" and ");
  return [finding(severity, reason, `${what}: expected ${wanted}, got ${show(actual)}`, wanted, show(actual))];
}

/** A number that may not exceed a limit; null means that it is not known. */
export function tooMuch(severity: Severity, reason: string, what: string, most: number | undefined, actual: number | null, unit: string): Finding[] {
  if (most === undefined || (actual !== null && actual <= most)) return [];
  const words = actual === null ? `${what} is not known` : `${what} is ${actual}${unit}, more than ${most}${unit}`;
  return [finding(severity, reason, words, most, actual)];
}

export function tooFew(severity: Severity, reason: string, what: string, least: number | undefined, actual: number | null): Finding[] {
  if (least === undefined || (actual !== null && actual >= least)) return [];
  return [finding(severity, reason, `${what}: ${actual ?? "not known"}, fewer than ${least}`, least, actual)];
}

export function differs<Value extends string | number | boolean>(
  severity: Severity,
  reason: string,
  what: string,
  wanted: Value | undefined,
  actual: Value | null,
): Finding[] {
  if (wanted === undefined || wanted === actual) return [];
  return [finding(severity, reason, `${what} is ${actual ?? "not known"}, not ${wanted}`, String(wanted), String(actual))];
}
