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
export function tooMuch(severity: Severity, reason: string, what: string, max: number | undefined, actual: number | null, unit: string): Finding[] {
  if (max === undefined || (actual !== null && actual <= max)) return [];
  const words = actual === null ? `${what} is not known` : `${what} is ${actual}${unit}, more than ${max}${unit}`;
  return [finding(severity, reason, words, max, actual)];
}

export function tooFew(severity: Severity, reason: string, what: string, min: number | undefined, actual: number | null): Finding[] {
  if (min === undefined || (actual !== null && actual >= min)) return [];
  return [finding(severity, reason, `${what}: ${actual ?? "not known"}, fewer than ${min}`, min, actual)];
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
