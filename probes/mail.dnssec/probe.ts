import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { RecordType } from "../../runner/net/dns/records.js";
import { findingsOf } from "../../runner/posture/check.js";
import { examineDnssec } from "../../runner/posture/dnssec/examine.js";
import { judgeDnssec } from "../../runner/posture/dnssec/judge.js";
import { isBogusBy } from "../../runner/posture/is-bogus.js";
import { mailHostsOf } from "../../runner/posture/mail-hosts.js";
import { questionsOf, unansweredFailure } from "../../runner/posture/questions.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.dnssec",
  summary: "Reports whether a domain and its mail hosts are signed with DNSSEC, and whether the signatures are valid.",
  needs: ["resolver"],
  target: "domain",
  ...newest,
  run,
});

async function run(input: Input, ctx: Context<"resolver">): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence: Evidence<Output> = { status: "ok", failure: null, domain, zones: [], checks: [], findings: [] };
  const questions = questionsOf(ctx.resolver, input);
  const isBogus = isBogusBy(ctx.resolver, input);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const { hosts } = await mailHostsOf(domain, questions, { allowPrivate: true });
    const names = [...new Set([domain, ...(hosts ?? [])])].slice(0, MAX_NAMES);
    const typesOf = (name: string): RecordType[] => [...(name === domain ? [MX] : []), ...(hosts?.includes(name) === true ? ADDRESSES : [])];
    const zones = await Promise.all(names.map((name) => examineDnssec(name, typesOf(name), questions, isBogus)));
    evidence.zones = zones.map(({ name, state, reason }) => ({ name, state, reason }));
    evidence.checks = zones.map((zone) => judgeDnssec(zone, questions.evidence(zone.name, zone.decided_by)));
    const state = zones[0]?.state;
    if (state === "unknown") unanswered = await unansweredFailure(questions, domain, "SOA");
    if (unanswered === null && state !== "bogus") unanswered = await unansweredFailure(questions, domain, "MX");
  });
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

const MAX_NAMES = 20;
const MX: RecordType = "MX";
const ADDRESSES: readonly RecordType[] = ["AAAA", "A"];
