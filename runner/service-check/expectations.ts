import type { Finding } from "../../schemas/finding.js";
import type { TlsFacts } from "../../schemas/tls.js";
import { finding } from "../run/judge.js";

/** The observations that all services share. */
export interface SeenService {
  readonly banner: string | null;
  readonly offersStarttls: boolean;
  /** STARTTLS, or the protocol's name for it. */
  readonly starttlsVerb: string;
  /** In upper case. */
  readonly authMechanisms: readonly string[];
  readonly tls: TlsFacts | null;
  readonly durationMs: number;
  readonly responseTimeMs: number | null;
  /** The command that responseTimeMs was measured with. */
  readonly timedCommand: string;
}

export interface FailedExpectation {
  reason: string;
  message: string;
  expected: string | number;
  actual: string | number | null;
}

/** Checks one expectation; null if it is met. */
export type Question<Wanted, Seen> = (wanted: Wanted, seen: Seen) => FailedExpectation | null;

/** One check for each expectation of a probe. */
export type Questions<Expectations, Seen> = { readonly [Name in keyof Required<Expectations>]: Question<NonNullable<Expectations[Name]>, Seen> };

export const SERVICE_QUESTIONS = {
  banner: (wanted: string, { banner }: SeenService) =>
    banner?.includes(wanted)
      ? null
      : { reason: "banner_differs", message: `the greeting does not contain ${JSON.stringify(wanted)}`, expected: wanted, actual: banner },
  starttls: (wanted: boolean, { offersStarttls: offered, starttlsVerb }: SeenService) => {
    if (offered === wanted) return null;
    return {
      reason: wanted ? "starttls_not_offered" : "starttls_offered",
      message: `${starttlsVerb} is ${offered ? "" : "not "}offered`,
      expected: String(wanted),
      actual: String(offered),
    };
  },
  auth_mechanisms: (wanted: readonly string[], { authMechanisms: offered }: SeenService) =>
    missing("auth_mechanism_missing", "AUTH does not offer", wanted, (mechanism) => offered.includes(mechanism)),
  max_response_time_ms: (wanted: number, { responseTimeMs: actual, timedCommand }: SeenService) =>
    actual === null || actual <= wanted ? null : { reason: "slow_response", message: `${timedCommand} took ${actual} ms`, expected: wanted, actual },
  max_duration_ms: (wanted: number, { durationMs }: SeenService) =>
    durationMs <= wanted ? null : { reason: "slow_run", message: `the run took ${durationMs.toFixed(3)} ms`, expected: wanted, actual: durationMs.toFixed(3) },
  min_tls_version: (wanted: string, { tls }: SeenService) => {
    // The names of TLS versions sort like the versions.
    if (tls !== null && tls.version >= wanted) return null;
    return { reason: "tls_too_old", message: tls === null ? "TLS is not spoken" : `${tls.version} is spoken`, expected: wanted, actual: tls?.version ?? null };
  },
  min_certificate_days: (wanted: number, { tls }: SeenService) => {
    const left = tls?.certificate?.days_left ?? null;
    if (left !== null && left >= wanted) return null;
    return {
      reason: "certificate_expires_soon",
      message: left === null ? "there is no certificate" : `the certificate is valid for ${left} days`,
      expected: wanted,
      actual: left,
    };
  },
} as const;

/** Checks a list of required names, ignoring case. */
export function missing(reason: string, words: string, wanted: readonly string[], isThere: (name: string) => boolean): FailedExpectation | null {
  const lacking = wanted.map((name) => name.toUpperCase()).filter((name) => !isThere(name));
  return lacking.length === 0
    ? null
    : { reason, message: `${words} ${lacking.join(", ")}`, expected: wanted.join(" "), actual: `without ${lacking.join(" ")}` };
}

/** The expectations that are not met, in the order of the input. */
export function failedExpectations<Expectations extends object, Seen>(
  severity: Finding["severity"],
  expectations: Expectations | undefined,
  questions: Questions<Expectations, Seen>,
  seen: Seen,
): Finding[] {
  const names = Object.keys(expectations ?? {}) as (keyof Expectations)[];
  return names.flatMap((name) => {
    const answer = questions[name]((expectations as Expectations)[name] as NonNullable<Expectations[typeof name]>, seen);
    return answer === null ? [] : [finding(severity, answer.reason, answer.message, answer.expected, answer.actual)];
  });
}
