import { authMechanisms, has } from "../../runner/net/smtp/capabilities.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import { missing, type Questions, SERVICE_QUESTIONS, type SeenService, unmet } from "../../runner/service-check/expectations.js";
import type { SmtpEvidence } from "./evidence.js";
import type { Expectations, Input } from "./schema.js";

/** Judges what was seen: the certificate, what must be so, and what should be so. A run that broke off is judged by its failure alone. */
export function judge(input: Input, evidence: SmtpEvidence, durationMs: number): void {
  if (evidence.size.meaning === "unreadable") evidence.anomalies.push({ kind: "size_unreadable", detail: `SIZE ${evidence.size.text}` });
  evidence.findings.push(...certificateFindings(evidence.tls, input.tls, evidence.target_host));
  if (evidence.failure !== null) return;
  const seen = seenOf(evidence, durationMs);
  evidence.findings.push(...unmet("error", input.expect, QUESTIONS, seen), ...unmet("warning", input.prefer, QUESTIONS, seen));
}

interface Seen extends SeenService, Pick<SmtpEvidence, "capabilities" | "size"> {}

function seenOf(
  { banner, capabilities, capabilities_before_tls: before, size, tls, response_time_ms: responseTimeMs }: SmtpEvidence,
  durationMs: number,
): Seen {
  return {
    banner,
    capabilities,
    size,
    tls,
    durationMs,
    responseTimeMs,
    timedCommand: "NOOP",
    starttlsVerb: "STARTTLS",
    offersStarttls: has(before ?? capabilities, "STARTTLS"),
    authMechanisms: authMechanisms(capabilities),
  };
}

const QUESTIONS: Questions<Expectations, Seen> = {
  ...SERVICE_QUESTIONS,
  capabilities: (wanted, { capabilities, tls }) =>
    // RFC 8689, section 4: outside TLS, REQUIRETLS promises nothing.
    missing("capability_missing", "EHLO does not offer", wanted, (keyword) => has(capabilities, keyword) && (keyword !== "REQUIRETLS" || tls !== null)),
  min_size_bytes: (wanted, { size }) => {
    if (size.meaning !== "limit" || (size.bytes as number) >= wanted) return null;
    return { reason: "size_too_small", message: `messages of more than ${size.bytes} bytes are refused`, expected: wanted, actual: size.bytes };
  },
};
