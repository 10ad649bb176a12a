import { waysToLogIn } from "../../runner/net/imap/offered-mechanisms.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import { missing, type Questions, SERVICE_QUESTIONS, type SeenService, unmet } from "../../runner/service-check/expectations.js";
import type { ImapEvidence } from "./evidence.js";
import type { Expectations, Input } from "./schema.js";

/** Judges what was seen: the certificate, what must be so, and what should be so. A run that broke off is judged by its failure alone. */
export function judge(input: Input, evidence: ImapEvidence, durationMs: number): void {
  evidence.findings.push(...certificateFindings(evidence.tls, input.tls, evidence.target_host));
  if (evidence.failure !== null) return;
  const seen = seenOf(evidence, durationMs);
  evidence.findings.push(...unmet("error", input.expect, QUESTIONS, seen), ...unmet("warning", input.prefer, QUESTIONS, seen));
}

interface Seen extends SeenService {
  readonly capabilities: readonly string[];
}

function seenOf(evidence: ImapEvidence, durationMs: number): Seen {
  const { banner, tls, response_time_ms: responseTimeMs, capabilities_before_tls: before } = evidence;
  const capabilities = evidence.capabilities ?? [];
  return {
    banner,
    tls,
    durationMs,
    responseTimeMs,
    timedCommand: "NOOP",
    starttlsVerb: "STARTTLS",
    offersStarttls: (before ?? capabilities).includes("STARTTLS"),
    authMechanisms: waysToLogIn(capabilities),
    capabilities: evidence.capabilities_after_login ?? capabilities,
  };
}

const QUESTIONS: Questions<Expectations, Seen> = {
  ...SERVICE_QUESTIONS,
  capabilities: (wanted, { capabilities }) => missing("capability_missing", "CAPABILITY does not name", wanted, (name) => capabilities.includes(name)),
};
