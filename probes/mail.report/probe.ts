import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { EMPTY_DOMAIN_REPORT, readDomainReport } from "../../runner/mail/domain-report/read-domain-report.js";
import { statusOf } from "../../runner/run/judge.js";
import { judge } from "./judge.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.report",
  summary: "Reads an aggregate report of DMARC or a TLS report: who sends in a domain's name, who fails, and why.",
  needs: [],
  ...newest,
  run,
});

async function run({ report, report_base64: base64 }: Input, ctx: Context<never>): Promise<Evidence<Output>> {
  const evidence: Evidence<Output> = { status: "ok", failure: null, ...EMPTY_DOMAIN_REPORT, findings: [] };
  evidence.failure = await ctx.attempt(async () => {
    Object.assign(evidence, readDomainReport(report === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(report)));
    evidence.findings = judge(evidence);
  });
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}
