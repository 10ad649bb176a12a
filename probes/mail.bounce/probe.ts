import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { readReport } from "../../runner/mail/report/read-report.js";
import { finding, statusOf } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { MailReport } from "../../schemas/report.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.bounce",
  summary: "Parses a bounce, a delay notice or a complaint, and reports its recipients and reasons.",
  needs: [],
  ...newest,
  run,
});

async function run({ message, message_base64: base64 }: Input): Promise<Evidence<Output>> {
  const report = readReport(message === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(message));
  const findings = judge(report);
  return { status: statusOf(null, findings), failure: null, ...report, findings };
}

/** A failed delivery is the content of the report, not a failure of this probe. */
function judge({ kind, is_cut: isCut }: MailReport): Finding[] {
  const findings: Finding[] = [];
  if (kind === "not_a_report")
    findings.push(finding("warning", "not_a_report", "this is not a recognised bounce, complaint or automatic reply", "a report", null));
  if (isCut)
    findings.push(finding("warning", "cut", "the message exceeds the size or part limit and was read in part: information may be missing", null, null));
  return findings;
}
