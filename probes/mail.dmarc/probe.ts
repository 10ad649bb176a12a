import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { changedAtAliases } from "../../runner/posture/aliases.js";
import { findingsOf } from "../../runner/posture/check.js";
import { type DmarcFacts, examineDmarc } from "../../runner/posture/dmarc/examine.js";
import { judgeDmarc } from "../../runner/posture/dmarc/judge.js";
import { questionsOf } from "../../runner/posture/questions.js";
import { statusOf } from "../../runner/run/judge.js";
import { asciiDomain } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.dmarc",
  summary: "Finds the DMARC policy that applies to a domain by the tree walk of RFC 9989, and judges the record.",
  needs: ["resolver"],
  target: "domain",
  ...newest,
  run,
});

async function run(input: Input, ctx: Context<"resolver">): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence = nothingYet(domain);
  const questions = questionsOf(ctx.resolver, input);
  evidence.failure =
    (await ctx.attempt(async () => {
      const facts = await examineDmarc(domain, questions);
      keepFacts(facts, evidence);
      evidence.checks = changedAtAliases(
        judgeDmarc(facts, { hasDkim: null, sends: null, evidence: questions.evidence(`_dmarc.${facts.policy_domain ?? domain}`, "TXT") }),
        questions,
      );
      evidence.failure = facts.unanswered;
    })) ?? evidence.failure;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

function keepFacts({ record, walk, ...facts }: DmarcFacts, evidence: Evidence<Output>): void {
  evidence.result = facts.unanswered !== null ? "unknown" : record?.policy == null ? "none" : "found";
  evidence.organizational_domain = facts.organizational_domain;
  evidence.policy_domain = facts.policy_domain;
  evidence.record = record?.text ?? null;
  evidence.policy = facts.policy;
  evidence.effective_policy = facts.effective_policy;
  evidence.subdomain_policy = record?.policy == null ? null : record.subdomain_policy;
  evidence.non_existent_policy = record?.policy == null ? null : record.non_existent_policy;
  evidence.report_addresses = record?.policy == null ? [] : [...record.report_addresses];
  evidence.walk = walk.map(({ domain, records, record: found }) => ({ domain, records, record: found?.text ?? null }));
}

function nothingYet(domain: string): Evidence<Output> {
  return {
    status: "ok",
    failure: null,
    domain,
    result: "none",
    organizational_domain: null,
    policy_domain: null,
    record: null,
    policy: null,
    effective_policy: null,
    subdomain_policy: null,
    non_existent_policy: null,
    report_addresses: [],
    walk: [],
    checks: [],
    findings: [],
  };
}
