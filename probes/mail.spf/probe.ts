import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { checkHost } from "../../runner/mail/spf/check-host.js";
import { spfResolver } from "../../runner/mail/spf/dns-answers.js";
import { changedAtAliases } from "../../runner/posture/aliases.js";
import { findingsOf } from "../../runner/posture/check.js";
import { type Questions, questionsOf } from "../../runner/posture/questions.js";
import { examineSpf, type SpfFacts } from "../../runner/posture/spf/examine.js";
import { judgeSpf } from "../../runner/posture/spf/judge.js";
import { finding, statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import type { Finding } from "../../schemas/finding.js";
import { parseHost } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"resolver">;

export default defineProbe({
  name: "mail.spf",
  summary: "Evaluates SPF for an address, and judges the domain's record with everything that it includes.",
  needs: ["resolver"],
  target: "domain",
  ...newest,
  checkInput,
  run,
});

function checkInput({ domain, ip, mail_from: sender, helo_domain: helo }: Input): Violation[] {
  if (domain?.includes("@") === true)
    return [{ pointer: "/domain", message: "must be a domain, not a mail address", hint: "leave out what stands before the @, or give mail_from" }];
  if (domain === undefined && sender === undefined && helo === undefined) {
    return [{ pointer: "", message: "a domain is missing", hint: "give domain, or mail_from and helo_domain with ip" }];
  }
  if (domain === undefined && ip === undefined)
    return [{ pointer: "/ip", message: "is missing", hint: "a sender is checked for the address that it sends from" }];
  return [];
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const domain = domainOf(input);
  const evidence = nothingYet(input, domain);
  const questions = questionsOf(ctx.resolver, input);
  evidence.failure = await ctx.attempt(async () => {
    if (input.ip !== undefined) await evaluate(input.ip, input, domain, questions, evidence);
    const facts = await examineSpf(domain, questions);
    keepFacts(facts, evidence, input.ip === undefined);
    evidence.checks = changedAtAliases(judgeSpf(facts, { sends: null, evidence: questions.evidence(domain, "TXT") }), questions);
  });
  evidence.findings = [...evaluationFindings(evidence), ...findingsOf(evidence.checks)];
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** In A-labels if it is a domain; unchanged if it is not, which is a result of its own. */
function domainOf({ domain, mail_from: sender, helo_domain: helo }: Input): string {
  const written = domain ?? (sender !== undefined && sender !== "" ? sender.slice(sender.lastIndexOf("@") + 1) : (helo ?? ""));
  const host = parseHost(written);
  return host?.kind === "name" ? host.host.toLowerCase() : written;
}

async function evaluate(ip: string, input: Input, domain: string, questions: Questions, evidence: Evidence<Output>): Promise<void> {
  const sender = input.mail_from ?? (input.helo_domain === undefined || input.domain !== undefined ? `postmaster@${domain}` : "");
  const verdict = await checkHost({ ip, sender, helo: input.helo_domain ?? domain }, spfResolver(questions.ask));
  evidence.result = verdict.result;
  evidence.explanation = verdict.explanation;
  evidence.problem = verdict.problem;
  evidence.matched = verdict.matched;
  evidence.lookups = verdict.lookups;
  evidence.void_lookups = verdict.void_lookups;
}

function keepFacts({ nodes, lookups, empty }: SpfFacts, evidence: Evidence<Output>, isAlone: boolean): void {
  evidence.record = nodes[0]?.record ?? null;
  evidence.tree_lookups = lookups;
  evidence.tree = nodes.map(({ directives: _, unknown_terms: unknown, unreachable_terms: beyond, ...node }) => ({
    ...node,
    unknown_terms: [...unknown],
    unreachable_terms: [...beyond],
  }));
  if (!isAlone) return;
  evidence.lookups = lookups;
  evidence.void_lookups = Math.max(empty.ipv4.length, empty.ipv6.length);
}

/** The result for the address that was asked about. */
function evaluationFindings({ result, problem }: Pick<Output, "result" | "problem">): Finding[] {
  if (result !== "temperror" && result !== "permerror") return [];
  return [finding("error", result, `SPF cannot be evaluated: ${problem}`)];
}

function nothingYet(input: Input, domain: string): Evidence<Output> {
  return {
    status: "ok",
    failure: null,
    domain,
    ip: input.ip ?? null,
    result: null,
    explanation: null,
    problem: null,
    matched: null,
    lookups: 0,
    void_lookups: 0,
    record: null,
    tree_lookups: 0,
    tree: [],
    checks: [],
    findings: [],
  };
}
