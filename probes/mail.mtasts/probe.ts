import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { changedAtAliases } from "../../runner/posture/aliases.js";
import { findingsOf } from "../../runner/posture/check.js";
import { fetchPolicyOf } from "../../runner/posture/fetch.js";
import { mailHostsOf } from "../../runner/posture/mail-hosts.js";
import { examineSts, shownSts } from "../../runner/posture/mtasts/examine.js";
import { judgeSts } from "../../runner/posture/mtasts/judge.js";
import { questionsOf, unansweredFailure } from "../../runner/posture/questions.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.mtasts",
  summary: "Finds the MTA-STS policy of a domain (RFC 8461), fetches it, and judges whether it allows the domain's mail hosts.",
  needs: ["resolver", "tcp", "tls"],
  target: "domain",
  ...newest,
  checkInput: ({ ca }) => certificateViolations("/ca", ca),
  run,
});

async function run(input: Input, ctx: Context<"resolver" | "tcp" | "tls">): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence = nothingYet(domain);
  const questions = questionsOf(ctx.resolver, input);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const { hosts } = await mailHostsOf(domain, questions, { allowPrivate: true });
    const facts = await examineSts(domain, { hosts, fetchPolicy: fetchPolicyOf(ctx, input), policyPort: input.policy_port }, questions);
    Object.assign(evidence, shownSts(facts));
    evidence.checks = changedAtAliases(judgeSts(facts, { evidence: questions.evidence(`_mta-sts.${domain}`, "TXT"), receives: null }), questions);
    // A policy that may be there decides as much as its record.
    unanswered = facts.policy?.failure ?? (await unansweredFailure(questions, `_mta-sts.${domain}`, "TXT"));
  });
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

function nothingYet(domain: string): Evidence<Output> {
  return {
    status: "ok",
    failure: null,
    domain,
    record: { state: "unknown", id: null, problem: null, near_misses: [] },
    policy: null,
    hosts: [],
    checks: [],
    findings: [],
  };
}
