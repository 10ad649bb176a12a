import { certificateFindings } from "../../runner/certificate-findings.js";
import { finding } from "../../runner/judge.js";
import { authMechanisms, has } from "../../runner/net/smtp/capabilities.js";
import type { Finding } from "../../schemas/finding.js";
import type { SmtpEvidence } from "./evidence.js";
import type { Expectations, Input } from "./schema.js";

/** Judges what was seen: the certificate, what must be so, and what should be so. A run that broke off is judged by its failure alone. */
export function judge(input: Input, evidence: SmtpEvidence, durationMs: number): void {
  if (evidence.size.meaning === "unreadable") evidence.anomalies.push({ kind: "size_unreadable", detail: `SIZE ${evidence.size.text}` });
  evidence.findings.push(...certificateFindings(evidence.tls, input.tls, evidence.target_host));
  if (evidence.failure !== null) return;
  if (input.expect !== undefined) evidence.findings.push(...unmet("error", input.expect, evidence, durationMs));
  if (input.prefer !== undefined) evidence.findings.push(...unmet("warning", input.prefer, evidence, durationMs));
}

/** One question for each expectation: the finding when it is not met, null when it is. */
type Question<Name extends keyof Expectations> = (wanted: NonNullable<Expectations[Name]>, evidence: SmtpEvidence, durationMs: number) => Unmet | null;

interface Unmet {
  reason: string;
  message: string;
  expected: string | number;
  actual: string | number | null;
}

const QUESTIONS: { readonly [Name in keyof Required<Expectations>]: Question<Name> } = {
  banner: (wanted, { banner }) =>
    banner?.includes(wanted)
      ? null
      : { reason: "banner_differs", message: `the greeting does not contain ${JSON.stringify(wanted)}`, expected: wanted, actual: banner },
  starttls: (wanted, { capabilities, capabilities_before_tls: before }) => {
    const offered = has(before ?? capabilities, "STARTTLS");
    if (offered === wanted) return null;
    return {
      reason: wanted ? "starttls_not_offered" : "starttls_offered",
      message: `STARTTLS is ${offered ? "" : "not "}offered`,
      expected: String(wanted),
      actual: String(offered),
    };
  },
  capabilities: (wanted, { capabilities, tls }) =>
    // RFC 8689, section 4: outside TLS, REQUIRETLS promises nothing.
    missing("capability_missing", "EHLO does not offer", wanted, (keyword) => has(capabilities, keyword) && (keyword !== "REQUIRETLS" || tls !== null)),
  auth_mechanisms: (wanted, { capabilities }) => {
    const offered = authMechanisms(capabilities);
    return missing("auth_mechanism_missing", "AUTH does not offer", wanted, (mechanism) => offered.includes(mechanism));
  },
  min_size_bytes: (wanted, { size }) => {
    if (size.meaning !== "limit" || (size.bytes as number) >= wanted) return null;
    return { reason: "size_too_small", message: `messages of more than ${size.bytes} bytes are refused`, expected: wanted, actual: size.bytes };
  },
  max_response_time_ms: (wanted, { response_time_ms: actual }) =>
    actual === null || actual <= wanted ? null : { reason: "slow_response", message: `NOOP took ${actual} ms`, expected: wanted, actual },
  max_duration_ms: (wanted, _evidence, durationMs) =>
    durationMs <= wanted ? null : { reason: "slow_run", message: `the run took ${durationMs.toFixed(3)} ms`, expected: wanted, actual: durationMs.toFixed(3) },
  min_tls_version: (wanted, { tls }) => {
    // The versions' names sort as the versions do.
    if (tls !== null && tls.version >= wanted) return null;
    return { reason: "tls_too_old", message: tls === null ? "TLS is not spoken" : `${tls.version} is spoken`, expected: wanted, actual: tls?.version ?? null };
  },
  min_certificate_days: (wanted, { tls }) => {
    const left = tls?.certificate?.days_left ?? null;
    if (left !== null && left >= wanted) return null;
    return {
      reason: "certificate_expires_soon",
      message: left === null ? "there is no certificate" : `the certificate is valid for ${left} days`,
      expected: wanted,
      actual: left,
    };
  },
};

function missing(reason: string, words: string, wanted: readonly string[], isThere: (name: string) => boolean): Unmet | null {
  const lacking = wanted.map((name) => name.toUpperCase()).filter((name) => !isThere(name));
  return lacking.length === 0
    ? null
    : { reason, message: `${words} ${lacking.join(", ")}`, expected: wanted.join(" "), actual: `without ${lacking.join(" ")}` };
}

function unmet(severity: Finding["severity"], expectations: Expectations, evidence: SmtpEvidence, durationMs: number): Finding[] {
  const names = Object.keys(expectations) as (keyof Expectations)[];
  return names.flatMap((name) => {
    const answer = ask(name, expectations, evidence, durationMs);
    return answer === null ? [] : [finding(severity, answer.reason, answer.message, answer.expected, answer.actual)];
  });
}

function ask<Name extends keyof Expectations>(name: Name, expectations: Expectations, evidence: SmtpEvidence, durationMs: number): Unmet | null {
  const question: Question<Name> = QUESTIONS[name];
  return question(expectations[name] as NonNullable<Expectations[Name]>, evidence, durationMs);
}
