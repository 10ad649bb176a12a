import { finding } from "../../runner/run/judge.js";
import { counted } from "../../runner/support/counted.js";
import type { DomainReport } from "../../schemas/domain-report.js";
import type { Finding } from "../../schemas/finding.js";

/** What failed is a warning: the mail of a stranger has to fail, and only the domain's owner knows who is one. */
export function judge({ messages, sources, sources_left_out: leftOut, tls, problems }: DomainReport): Finding[] {
  const findings: Finding[] = [];
  if (messages !== null && messages.fail > 0) {
    const failing = sources.filter(({ fail }) => fail > 0).length;
    const from = leftOut > 0 ? `at least ${counted(failing, "source")}` : counted(failing, "source");
    findings.push(
      finding(
        "warning",
        "dmarc_fail",
        `${messages.fail} of ${counted(messages.total, "message")} failed DMARC, from ${from}`,
        messages.total,
        messages.total - messages.fail,
      ),
    );
  }
  if (tls !== null && tls.failed > 0) {
    const total = tls.failed + tls.successful;
    findings.push(finding("warning", "tls_fail", `${tls.failed} of ${counted(total, "session")} failed: ${typesOf(tls.policies)}`, total, tls.successful));
  }
  if (problems.length > 0) findings.push(finding("warning", "malformed", `the report deviates from its standard: ${problems.join("; ")}`));
  return findings;
}

function typesOf(policies: NonNullable<DomainReport["tls"]>["policies"]): string {
  const types = new Map<string, number>();
  for (const { type, sessions } of policies.flatMap(({ failures }) => failures)) types.set(type, (types.get(type) ?? 0) + sessions);
  const named = [...types].sort(([, a], [, b]) => b - a).slice(0, 10);
  return named.length === 0 ? "no type is given" : named.map(([type, sessions]) => `${type} ${sessions}`).join(", ");
}
