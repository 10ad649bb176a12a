import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { checkHost } from "../../runner/mail/spf/check-host.js";
import { spfResolver } from "../../runner/mail/spf/dns-answers.js";
import type { SpfResolver } from "../../runner/mail/spf/lookups.js";
import { type SpfSurvey, surveySpf } from "../../runner/mail/spf/survey.js";
import { dnsName } from "../../runner/net/dns/name.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { parseHost } from "../../schemas/host.js";
import { judge } from "./judge.js";
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
  const resolver = onceEach(resolverOf(input, ctx));
  let survey: SpfSurvey | null = null;
  evidence.failure = await ctx.attempt(async () => {
    if (input.ip !== undefined) await evaluate(input.ip, input, domain, resolver, evidence);
    survey = await surveySpf(domain, resolver);
    keepSurvey(survey, evidence, input.ip === undefined);
  });
  evidence.findings = survey === null ? [] : judge(evidence, survey);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** In A-labels where it is a domain; as it is written where it is none, which is a result of its own. */
function domainOf({ domain, mail_from: sender, helo_domain: helo }: Input): string {
  const written = domain ?? (sender !== undefined && sender !== "" ? sender.slice(sender.lastIndexOf("@") + 1) : (helo ?? ""));
  const host = parseHost(written);
  return host?.kind === "name" ? host.host.toLowerCase() : written;
}

function resolverOf(input: Input, ctx: Ctx): SpfResolver {
  const ask = spfResolver((name, type) => ctx.resolver.query(name, type, input));
  // A name that cannot be asked for has no records.
  return async (name, type) => (dnsName(name) === null ? [] : ask(name, type));
}

/** The evaluation and the survey read the same records: each is asked for once. */
function onceEach(resolver: SpfResolver): SpfResolver {
  const asked = new Map<string, ReturnType<SpfResolver>>();
  return (name, type) => {
    const key = `${type} ${name.toLowerCase()}`;
    const known = asked.get(key) ?? resolver(name, type);
    asked.set(key, known);
    return known;
  };
}

async function evaluate(ip: string, input: Input, domain: string, resolver: SpfResolver, evidence: Evidence<Output>): Promise<void> {
  const sender = input.mail_from ?? (input.helo_domain === undefined || input.domain !== undefined ? `postmaster@${domain}` : "");
  const verdict = await checkHost({ ip, sender, helo: input.helo_domain ?? domain }, resolver);
  evidence.result = verdict.result;
  evidence.explanation = verdict.explanation;
  evidence.problem = verdict.problem;
  evidence.matched = verdict.matched;
  evidence.lookups = verdict.lookups;
  evidence.void_lookups = verdict.void_lookups;
}

function keepSurvey({ nodes, lookups }: SpfSurvey, evidence: Evidence<Output>, isAlone: boolean): void {
  evidence.record = nodes[0]?.record ?? null;
  evidence.tree_lookups = lookups;
  evidence.tree = nodes.map(({ directives: _, unknown_terms: unknown, ...node }) => ({ ...node, unknown_terms: [...unknown] }));
  if (isAlone) evidence.lookups = lookups;
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
    findings: [],
  };
}
