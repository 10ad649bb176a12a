import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { evaluateDmarc } from "../../runner/mail/dmarc/evaluate.js";
import { readDmarcRecord } from "../../runner/mail/dmarc/read-record.js";
import { WalkUnanswered, walkTree } from "../../runner/mail/dmarc/tree-walk.js";
import { isUnanswered, onceEach, type TxtLookup, textsOf } from "../../runner/mail/verify/key-lookup.js";
import { dnsName } from "../../runner/net/dns/name.js";
import { statusOf } from "../../runner/run/judge.js";
import { asciiDomain } from "../../schemas/host.js";
import { judge, type ReportHost, reportHosts } from "./judge.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"resolver">;

export default defineProbe({
  name: "mail.dmarc",
  summary: "Finds the DMARC policy that applies to a domain by the tree walk of RFC 9989, and judges the record.",
  needs: ["resolver"],
  target: "domain",
  ...newest,
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence = nothingYet(domain);
  const texts: string[] = [];
  let hosts: ReportHost[] = [];
  const lookup = onceEach(async (name) =>
    dnsName(name) === null ? { outcome: "no_such_name", texts: [] } : textsOf(await ctx.resolver.query(name, "TXT", input)),
  );
  evidence.failure = await ctx.attempt(async () => {
    try {
      evidence.walk = (await walkTree(domain, lookup)).map((step) => ({ domain: step.domain, records: step.records, record: step.record?.text ?? null }));
      await decide(domain, lookup, evidence);
      texts.push(...(await lookup(`_dmarc.${domain}`)).texts);
      hosts = await authorised(evidence, lookup);
    } catch (error) {
      if (!(error instanceof WalkUnanswered)) throw error;
      evidence.result = "unknown";
    }
  });
  if (evidence.failure === null) evidence.findings = judge(evidence, texts, hosts);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** The same decision that a receiver makes for a message whose From is in this domain, which exists. */
async function decide(domain: string, lookup: TxtLookup, evidence: Evidence<Output>): Promise<void> {
  const verdict = await evaluateDmarc({ authorDomains: [domain], authenticated: [], lookup, exists: async () => true });
  if (verdict.result === "temperror") throw new WalkUnanswered(verdict.reason ?? "");
  evidence.organizational_domain = verdict.organizational_domain;
  evidence.policy_domain = verdict.policy_domain;
  evidence.record = verdict.record;
  if (verdict.record === null) return;
  const record = readDmarcRecord(verdict.record);
  evidence.result = verdict.result === "none" ? "none" : "found";
  evidence.policy = verdict.published_policy;
  evidence.effective_policy = verdict.policy;
  evidence.subdomain_policy = record.policy === null ? null : record.subdomain_policy;
  evidence.non_existent_policy = record.policy === null ? null : record.non_existent_policy;
  evidence.report_addresses = [...record.report_addresses];
}

/** RFC 9990, 3: a host outside the organizational domain says with a record that it wants these reports. */
async function authorised(
  { policy_domain: owner, organizational_domain: organization, report_addresses: addresses }: Evidence<Output>,
  lookup: TxtLookup,
): Promise<ReportHost[]> {
  const hosts = reportHosts(addresses, organization ?? "");
  return Promise.all(
    hosts.map(async (host) => {
      const answer = await lookup(`${owner}._report._dmarc.${host}`);
      return { host, isAuthorised: isUnanswered(answer) ? null : answer.texts.some((text) => /^v[ \t]*=[ \t]*DMARC1/.test(text)) };
    }),
  );
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
    findings: [],
  };
}
