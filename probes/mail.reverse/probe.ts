import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { failureOfOutcome } from "../../runner/net/dns/answer.js";
import { findingsOf } from "../../runner/posture/check.js";
import { questionsOf } from "../../runner/posture/questions.js";
import { examineReverse, type ReverseFacts } from "../../runner/posture/reverse/examine.js";
import { judgeReverse } from "../../runner/posture/reverse/judge.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.reverse",
  summary: "Checks whether addresses that send mail have names (PTR) that lead back to them, as large receivers require.",
  needs: ["resolver"],
  target: "addresses",
  ...newest,
  weight: ({ addresses }) => addresses.length,
  run,
});

async function run(input: Input, ctx: Context<"resolver">): Promise<Evidence<Output>> {
  const evidence: Evidence<Output> = { status: "ok", failure: null, addresses: [], checks: [], findings: [] };
  const questions = questionsOf(ctx.resolver, input);
  const heloName = input.helo_domain === undefined ? null : asciiDomain(input.helo_domain);
  const domain = input.domain === undefined ? null : asciiDomain(input.domain);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const all = await Promise.all([...new Set(input.addresses)].map((address) => examineReverse({ address, heloName, domain }, questions)));
    evidence.addresses = all.map(({ is_helo_unresolvable: _, ...each }) => ({ ...each, names: [...each.names], confirmed: [...each.confirmed] }));
    evidence.checks = all.flatMap((each) => judgeReverse(each, { isSender: true, hasDkim: null, evidence: questions.evidence(each.reverse_name, "PTR") }));
    unanswered = failureOf(all);
  });
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** A run in which no question was answered has examined nothing. */
function failureOf(all: readonly ReverseFacts[]): Failure | null {
  const silent = all.every(({ is_unsure: isUnsure, names }) => isUnsure && names.length === 0);
  const [first] = all;
  return silent && first !== undefined ? failureOfOutcome(first.outcome, `PTR ${first.reverse_name}`) : null;
}
