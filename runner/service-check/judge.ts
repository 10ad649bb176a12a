import { certificateFindings } from "./certificate-findings.js";
import { failedExpectations, missing, type Question, SERVICE_QUESTIONS } from "./expectations.js";
import type { Observed, Offer, Service, ServiceEvidence, ServiceInput, ServiceSession } from "./service.js";

/** Judges the certificate and both kinds of expectations. A run that ended early is judged by its failure alone. */
export function judge<Session extends ServiceSession, Input extends ServiceInput, Evidence extends ServiceEvidence>(
  service: Service<Session, Input, Evidence>,
  { tls, expect, prefer }: Input,
  evidence: Evidence,
  durationMs: number,
): void {
  const { findings, target_host: host } = evidence;
  findings.push(...certificateFindings(evidence.tls, tls, host));
  if (evidence.failure !== null || (isEmpty(expect) && isEmpty(prefer))) return;
  const seen = seenOf(service, evidence, durationMs);
  const questions = { ...SERVICE_QUESTIONS, ...service.questions } as Readonly<Record<string, Question<never, Observed<Evidence>>>>;
  findings.push(...failedExpectations("error", expect, questions, seen), ...failedExpectations("warning", prefer, questions, seen));
}

/** What is observed is gathered for questions only. */
function isEmpty(expectations: object | undefined): boolean {
  return expectations === undefined || Object.keys(expectations).length === 0;
}

function seenOf<Session extends ServiceSession, Input extends ServiceInput, Evidence extends ServiceEvidence>(
  { starttls, authMechanisms, capabilityVerb, noopNeedsLogin = false }: Service<Session, Input, Evidence>,
  evidence: Evidence,
  durationMs: number,
): Observed<Evidence> {
  const { banner, tls, response_time_ms: responseTimeMs, capabilities, capabilities_before_tls: before, capabilities_after_login: after } = evidence;
  return {
    evidence,
    banner,
    tls,
    durationMs,
    responseTimeMs,
    timedCommand: noopNeedsLogin && evidence.auth === null ? capabilityVerb : "NOOP",
    starttlsVerb: starttls.verb,
    offersStarttls: offersTls(starttls, before ?? capabilities, evidence.starttls === "secured"),
    authMechanisms: authMechanisms(evidence),
    keywords: keywordsOf(after ?? capabilities) ?? [],
  };
}

type StarttlsVerb = Pick<Service<ServiceSession, ServiceInput, ServiceEvidence>["starttls"], "verb" | "isOffered">;

/** Whether these capabilities offer the upgrade to TLS. */
export function offersTls({ verb, isOffered }: StarttlsVerb, offer: Offer | null, isRequired: boolean): boolean {
  return isOffered?.(offer, isRequired) ?? keywordsOf(offer)?.includes(verb) ?? false;
}

export function keywordsOf(offer: Offer | null): string[] | null {
  return offer?.map((capability) => (typeof capability === "string" ? capability : capability.keyword)) ?? null;
}

/** The expectation `capabilities` of a protocol, whose finding begins with these words. */
export function capabilitiesQuestion(words: string) {
  return (wanted: readonly string[], { keywords }: { readonly keywords: readonly string[] }) =>
    missing("capability_missing", words, wanted, (name) => keywords.includes(name));
}
