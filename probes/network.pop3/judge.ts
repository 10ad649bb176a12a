import { type Capability, has, waysToLogIn } from "../../runner/net/pop3/capabilities.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import { missing, type Questions, SERVICE_QUESTIONS, type SeenService, unmet } from "../../runner/service-check/expectations.js";
import type { Pop3Evidence } from "./evidence.js";
import type { Expectations, Input } from "./schema.js";

/** Judges what was seen: the certificate, what must be so, and what should be so. A run that broke off is judged by its failure alone. */
export function judge(input: Input, evidence: Pop3Evidence, durationMs: number): void {
  evidence.findings.push(...certificateFindings(evidence.tls, input.tls, evidence.target_host));
  if (evidence.failure !== null) return;
  const seen = seenOf(evidence, durationMs);
  evidence.findings.push(...unmet("error", input.expect, QUESTIONS, seen), ...unmet("warning", input.prefer, QUESTIONS, seen));
}

interface Seen extends SeenService {
  readonly capabilities: readonly Capability[];
}

function seenOf(evidence: Pop3Evidence, durationMs: number): Seen {
  const { banner, tls, capabilities, response_time_ms: responseTimeMs, capabilities_before_tls: before } = evidence;
  return {
    banner,
    tls,
    durationMs,
    responseTimeMs,
    timedCommand: evidence.auth === null ? "CAPA" : "NOOP",
    starttlsVerb: "STLS",
    offersStarttls: has(before ?? capabilities, "STLS"),
    authMechanisms: waysToLogIn(capabilities, banner),
    capabilities: evidence.capabilities_after_login ?? capabilities ?? [],
  };
}

const QUESTIONS: Questions<Expectations, Seen> = {
  ...SERVICE_QUESTIONS,
  capabilities: (wanted, { capabilities }) => missing("capability_missing", "CAPA does not name", wanted, (name) => has(capabilities, name)),
};
