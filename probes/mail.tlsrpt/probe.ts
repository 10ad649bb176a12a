import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { changedAtAliases } from "../../runner/posture/aliases.js";
import { findingsOf } from "../../runner/posture/check.js";
import { questionsOf, unansweredFailure } from "../../runner/posture/questions.js";
import { examineTlsReports } from "../../runner/posture/tlsrpt/examine.js";
import { judgeTlsReports } from "../../runner/posture/tlsrpt/judge.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.tlsrpt",
  summary: "Finds where a domain requests reports on TLS failures of its senders (RFC 8460), and judges the record.",
  needs: ["resolver"],
  target: "domain",
  ...newest,
  run,
});

const MAX_SHOWN = 20;

async function run(input: Input, ctx: Context<"resolver">): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence: Evidence<Output> = { status: "ok", failure: null, domain, state: "unknown", rua: [], problem: null, texts: [], checks: [], findings: [] };
  const questions = questionsOf(ctx.resolver, input);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const facts = await examineTlsReports(domain, questions);
    const { near_misses: _, ...shown } = facts;
    Object.assign(evidence, { ...shown, texts: shown.texts.slice(0, MAX_SHOWN) });
    evidence.checks = changedAtAliases(judgeTlsReports(facts, { evidence: questions.evidence(`_smtp._tls.${domain}`, "TXT"), isNeeded: null }), questions);
    unanswered = await unansweredFailure(questions, `_smtp._tls.${domain}`, "TXT");
  });
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}
