import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { findingsOf } from "../../runner/posture/check.js";
import { type DaneFacts, examineDane } from "../../runner/posture/dane/examine.js";
import { judgeDane } from "../../runner/posture/dane/judge.js";
import { type HostFacts, meetHost } from "../../runner/posture/hosts/meet.js";
import { isBogusBy } from "../../runner/posture/is-bogus.js";
import { mailHostsOf } from "../../runner/posture/mail-hosts.js";
import { type Questions, questionsOf, unansweredFailure } from "../../runner/posture/questions.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import type { MailHost } from "../../schemas/mx.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"resolver" | "tcp" | "tls">;

export default defineProbe({
  name: "mail.dane",
  summary: "Finds the TLSA records of a domain's mail hosts, and compares them with the certificates that the hosts send (RFC 7672).",
  needs: ["resolver", "tcp", "tls"],
  target: "domain",
  ...newest,
  run,
});

/** More hosts than any domain needs are not spoken to. */
const MAX_HOSTS = 10;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence: Evidence<Output> = { status: "ok", failure: null, domain, is_route_signed: null, hosts: [], checks: [], findings: [] };
  const questions = questionsOf(ctx.resolver, input);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const { route, hosts } = await mailHostsOf(domain, questions, { allowPrivate: input.allow_private_addresses });
    evidence.is_route_signed = hosts === null ? null : route.authenticated_data;
    const examined = await Promise.all(route.hosts.slice(0, MAX_HOSTS).map((host) => examineHost(host, input, ctx, questions, evidence.is_route_signed)));
    evidence.hosts = examined.map(shown);
    evidence.checks = examined.flatMap(({ facts }) => judgeDane(facts, questions.evidence(facts.decided_by.name, facts.decided_by.type)));
    if (hosts === null) unanswered = await unansweredFailure(questions, domain, "MX");
  });
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

interface Examined {
  readonly facts: DaneFacts;
  readonly met: HostFacts | null;
}

async function examineHost(host: MailHost, input: Input, ctx: Ctx, questions: Questions, isRouteSigned: boolean | null): Promise<Examined> {
  const { mx_port: port, connect_timeout_ms, command_timeout_ms, helo_domain } = input;
  const met = input.connect
    ? await meetHost(ctx, host, { port, deadline: ctx.run.deadline, connect_timeout_ms, command_timeout_ms, helo_domain, ca: undefined })
    : null;
  const isBogus = isBogusBy(ctx.resolver, input);
  const facts = await examineDane({ host: host.host, port, names: [asciiDomain(input.domain)], isRouteSigned, met, isBogus, now: new Date() }, questions);
  return { facts, met };
}

function shown({ facts, met }: Examined): Output["hosts"][number] {
  const { host, state, owner, records, usable, has_next_key, reason } = facts;
  return { host, state, owner, records: [...records], usable, has_next_key, starttls: met?.starttls ?? null, reason };
}
