import type { SiteProfile } from "../../schemas/behaviour.js";
import type { StoredObservation } from "./store.js";

/** The experience with a site in a few numbers. */
export interface SiteSummary {
  readonly profile: SiteProfile;
  readonly observations: number;
  /** Of the replies to RCPT; null without any. */
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  /** Milliseconds since 1970. */
  readonly lastGreylistedAt: number | null;
  /** How many refusals in a row since its last reply about a mailbox. */
  readonly refusalsInARow: number;
}

/** The thresholds of the profiles. */
const THRESHOLDS = {
  /** With fewer observations there is no profile. */
  tarpitObservations: 4,
  tarpitTimeoutShare: 0.5,
  tarpitP50Ms: 2000,
  fastAnswers: 8,
  fastP95Ms: 500,
  refusals: 3,
  /** After an hour a refusal may no longer apply. */
  refusalLifeMs: 3600 * 1000,
} as const;

/** `observations` are newest first. */
export function summaryOf(observations: readonly StoredObservation[], now: number): SiteSummary {
  // A typed array sorts without a comparison function: every run does this.
  const latencies = Float64Array.from(observations.filter(isAnswered), ({ ms }) => ms as number).sort();
  const facts = {
    observations: observations.length,
    latencyP50Ms: percentile(latencies, 0.5),
    latencyP95Ms: percentile(latencies, 0.95),
    lastGreylistedAt: observations.find(({ kind }) => kind === "greylisted")?.at ?? null,
    refusalsInARow: refusalsInARow(observations, now),
  };
  return { ...facts, profile: profileOf(facts, observations, latencies.length) };
}

function profileOf(facts: Omit<SiteSummary, "profile">, observations: readonly StoredObservation[], answers: number): SiteProfile {
  if (observations.length === 0) return "unknown";
  if (facts.refusalsInARow >= THRESHOLDS.refusals) return "refusing";
  const timeouts = observations.filter(({ kind }) => kind === "timeout").length;
  const isSlow = timeouts / observations.length >= THRESHOLDS.tarpitTimeoutShare || (facts.latencyP50Ms ?? 0) >= THRESHOLDS.tarpitP50Ms;
  if (observations.length >= THRESHOLDS.tarpitObservations && isSlow) return "tarpit";
  if (timeouts === 0 && answers >= THRESHOLDS.fastAnswers && (facts.latencyP95Ms ?? 0) <= THRESHOLDS.fastP95Ms) return "fast";
  return "normal";
}

function refusalsInARow(observations: readonly StoredObservation[], now: number): number {
  const answered = observations.findIndex(({ kind }) => kind === "answered");
  const since = answered === -1 ? observations : observations.slice(0, answered);
  return since.filter(({ kind, at }) => kind === "refused_us" && now - at < THRESHOLDS.refusalLifeMs).length;
}

function isAnswered({ kind, ms }: StoredObservation): boolean {
  return kind === "answered" && ms !== null;
}

function percentile(sorted: Float64Array, share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
