import { finding, statusOf } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { RoundtripEvidence } from "./evidence.js";
import type { Expectations, Input, Limits } from "./schema.js";

/** Judges a message that arrived. One that did not is judged by the run's failure alone. */
export function judge({ thresholds, expect, prefer }: Input, evidence: RoundtripEvidence): void {
  if (evidence.arrival === "arrived") {
    evidence.findings = evidence.findings.filter(({ reason }) => !isAskedFor(reason, { ...expect, ...prefer }));
    evidence.findings.push(...slowness(thresholds?.error ?? {}, thresholds?.warning ?? {}, evidence));
    if (expect !== undefined) evidence.findings.push(...unmet("error", expect, evidence));
    if (prefer !== undefined) evidence.findings.push(...unmet("warning", prefer, evidence));
  }
  evidence.status = statusOf(evidence.failure, evidence.findings);
}

/** Findings of mail.receive about the folder and copies are kept only if the input does not set an expectation for them. */
function isAskedFor(reason: string, { folder, max_duplicates: copies }: Expectations): boolean {
  return (reason === "in_spam_folder" && folder !== undefined) || (reason === "duplicates" && copies !== undefined);
}

const TIMES = [
  ["submission_ms", "slow_submission", "handing the message in took"],
  ["transit_ms", "slow_transit", "the message was under way for"],
  ["total_ms", "slow_roundtrip", "from the first attempt to the mailbox it took"],
] as const;

/** The worse of the two, for each time. */
function slowness(errors: Limits, warnings: Limits, evidence: RoundtripEvidence): Finding[] {
  return TIMES.flatMap(([time, reason, words]) => {
    const took = evidence[time];
    const isOver = (limit: number | undefined): limit is number => limit !== undefined && took !== null && took > limit;
    const [error, warning] = [errors[time], warnings[time]];
    if (isOver(error)) return [finding("error", reason, `${words} ${took} ms`, `${error} ms`, `${took} ms`)];
    return isOver(warning) ? [finding("warning", reason, `${words} ${took} ms`, `${warning} ms`, `${took} ms`)] : [];
  });
}

/** One question for each expectation: the finding when it is not met, null when it is. */
type Question<Name extends keyof Expectations> = (wanted: NonNullable<Expectations[Name]>, evidence: RoundtripEvidence) => Unmet | null;

interface Unmet {
  reason: string;
  message: string;
  expected: string | number;
  actual: string | number | null;
}

const QUESTIONS: { readonly [Name in keyof Required<Expectations>]: Question<Name> } = {
  spf: (wanted, evidence) => verdict("spf", wanted, evidence),
  dkim: (wanted, evidence) => verdict("dkim", wanted, evidence),
  dmarc: (wanted, evidence) => verdict("dmarc", wanted, evidence),
  arc: (wanted, evidence) => verdict("arc", wanted, evidence),
  folder: (wanted, { folder, is_spam_folder: isSpam }) =>
    isSpam === (wanted === "spam") ? null : { reason: "folder_differs", message: `the message is in ${folder}`, expected: wanted, actual: folder },
  max_hops: (wanted, { hops }) => tooMany("too_many_hops", `the message went over ${hops.length} hops`, wanted, hops.length),
  max_duplicates: (wanted, { duplicates }) => tooMany("duplicates", `${duplicates} copies came beside the message`, wanted, duplicates ?? 0),
  max_attempts: (wanted, { send: { attempt_count: attempts } }) => tooMany("too_many_attempts", `it took ${attempts} attempts to hand it in`, wanted, attempts),
};

function verdict(method: "spf" | "dkim" | "dmarc" | "arc", wanted: string, { authentication }: RoundtripEvidence): Unmet | null {
  const recorded = authentication?.[method] ?? null;
  if (recorded === wanted) return null;
  const message =
    recorded === null ? `the receiver recorded no result for ${method.toUpperCase()}` : `the receiver recorded ${recorded} for ${method.toUpperCase()}`;
  return { reason: `${method}_differs`, message, expected: wanted, actual: recorded };
}

function tooMany(reason: string, message: string, wanted: number, actual: number): Unmet | null {
  return actual <= wanted ? null : { reason, message, expected: wanted, actual };
}

function unmet(severity: Finding["severity"], expectations: Expectations, evidence: RoundtripEvidence): Finding[] {
  const names = Object.keys(expectations) as (keyof Expectations)[];
  return names.flatMap((name) => {
    const answer = ask(name, expectations, evidence);
    return answer === null ? [] : [finding(severity, answer.reason, answer.message, answer.expected, answer.actual)];
  });
}

function ask<Name extends keyof Expectations>(name: Name, expectations: Expectations, evidence: RoundtripEvidence): Unmet | null {
  const question: Question<Name> = QUESTIONS[name];
  return question(expectations[name] as NonNullable<Expectations[Name]>, evidence);
}
