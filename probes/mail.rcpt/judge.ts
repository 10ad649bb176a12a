import { distinct, finding, statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";
import type { Question, RcptEvidence } from "./evidence.js";
import { verdictOf } from "./verdict.js";

/** Gives every address its verdict, and the run its status: ok if all are accepted, error if one is not. */
export function judge(evidence: RcptEvidence, questions: readonly Question[]): void {
  const known = new Map(evidence.domains.map((domain) => [domain.domain, domain.catch_all]));
  for (const { result, isRecalled, catchAll: ofHost } of questions) {
    if (isRecalled) continue;
    // Another host's reply to a random address is no evidence for an address that this one accepted.
    const ofDomain = result.category === "accept" ? undefined : known.get(result.domain ?? "");
    const catchAll = ofHost ?? ofDomain ?? { verdict: "unknown" as const, asked: false };
    result.catch_all = catchAll.verdict;
    Object.assign(result, verdictOf(result, catchAll));
  }
  evidence.findings = findingsOf(evidence);
  evidence.failure = failureOf(questions);
  evidence.status = statusOf(evidence.failure, evidence.findings);
}

/** A retryable failure comes first: the retry finds out the rest on the way. */
function failureOf(questions: readonly Question[]): Failure | null {
  const failures = questions.flatMap(({ failure, result }) => (failure === null ? [] : [{ failure, result }]));
  const worst = failures.find(({ failure }) => failure.retryable) ?? failures[0];
  if (worst === undefined) return null;
  const rest = failures.length > 1 ? ` (${failures.length} of ${questions.length} addresses are not accepted)` : "";
  return { ...worst.failure, message: `${worst.result.email}: ${worst.failure.message}${rest}` };
}

function findingsOf({ domains, sites, attempts, results }: RcptEvidence): Finding[] {
  return [
    ...domains
      .filter(({ catch_all: catchAll }) => catchAll.verdict === "yes")
      .map(({ domain }) => finding("warning", "catch_all", `${domain} takes any address: that it takes this one says nothing`, "no", "yes")),
    ...results
      .filter(({ category, verdict, rule }) => category === "accept" && verdict === "risky" && rule !== "accepted_like_any_address")
      .slice(0, MAX_RISKY)
      .map(({ email, rule }) => finding("warning", "risky", `${email} is accepted, and that is not certain to mean much (${rule})`, "valid", "risky")),
    ...distinct(
      attempts
        .filter(({ tls }) => tls === "failed" || tls === "refused")
        .map(({ mx_host: host, tls }) =>
          finding("warning", `tls_${tls}`, `${host} offers STARTTLS, and it ${tls === "failed" ? "failed" : "was refused"}`, "secured", tls),
        ),
    ),
    ...sites
      .filter(({ profile }) => profile === "tarpit" || profile === "refusing")
      .map(({ site, profile }) =>
        finding("warning", profile, `${site} was ${profile === "tarpit" ? "slow to answer" : "refusing us"} before: this run was less patient with it`),
      ),
  ];
}

/** A list of a thousand says it once a line already. */
const MAX_RISKY = 20;
