import { DMARC_POLICIES, isDmarcRecord } from "../../runner/mail/dmarc/read-record.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Output } from "./schema.js";

/** Whether a host outside the domain takes its reports; null when that could not be found out. */
export interface ReportHost {
  readonly host: string;
  readonly isAuthorised: boolean | null;
}

/** The hosts of report addresses that need an authorisation, each once. */
export function reportHosts(addresses: readonly string[], organization: string): string[] {
  const hosts = addresses.flatMap((address) => /^mailto:[^@]*@([^@!?]+)/i.exec(address)?.[1]?.toLowerCase() ?? []);
  return [...new Set(hosts)].filter((host) => host !== organization && !host.endsWith(`.${organization}`));
}

/** Tags that RFC 9989 has removed: old receivers obey them, new ones ignore them. */
const REMOVED = ["pct", "rf", "ri"];

export function judge(
  facts: Pick<
    Output,
    "domain" | "result" | "walk" | "record" | "policy" | "effective_policy" | "subdomain_policy" | "non_existent_policy" | "report_addresses"
  >,
  texts: readonly string[],
  hosts: readonly ReportHost[],
): Finding[] {
  if (facts.result === "unknown") return [finding("warning", "unknown", "a name server did not answer: whether there is a policy is not known")];
  const findings = [...several(facts.walk), ...nearMisses(facts.domain, texts)];
  if (facts.record === null)
    return [
      ...findings,
      finding("error", "no_record", `no DMARC record applies to ${facts.domain}: others can send in its name`, "v=DMARC1; p=reject; …", null),
    ];
  if (facts.policy === null)
    return [
      ...findings,
      finding("error", "no_policy", "the record has no usable policy and no address for reports: it counts for nothing", "p=reject", facts.record),
    ];
  return [...findings, ...policyFindings(facts), ...tagFindings(facts.record), ...reportFindings(facts, hosts)];
}

function several(walk: Output["walk"]): Finding[] {
  return walk
    .filter(({ records }) => records > 1)
    .map(({ domain, records }) =>
      finding("error", "several_records", `_dmarc.${domain} has ${records} DMARC records, so none of them counts`, "1", `${records}`),
    );
}

/** Records that their owner takes for DMARC, and receivers do not. */
function nearMisses(domain: string, texts: readonly string[]): Finding[] {
  return texts
    .filter((text) => !isDmarcRecord(text) && /v\s?=\s?dmarc1/i.test(text.slice(0, 200)))
    .map((text) =>
      finding(
        "error",
        "not_a_record",
        `the record at _dmarc.${domain} does not begin with v=DMARC1 exactly, so it does not count`,
        "v=DMARC1; …",
        text.slice(0, 200),
      ),
    );
}

function policyFindings({
  effective_policy: effective,
  policy,
  subdomain_policy: below,
  non_existent_policy: absent,
  report_addresses: reports,
}: Parameters<typeof judge>[0]): Finding[] {
  const findings: Finding[] = [];
  const level = (each: Output["policy"]): number => DMARC_POLICIES.indexOf(each ?? "none");
  if (effective === "none") {
    const severity = reports.length === 0 ? "error" : "warning";
    findings.push(
      finding(
        severity,
        "policy_none",
        `the policy only watches${reports.length === 0 ? ", and no reports are asked for: it does nothing" : ""}`,
        "quarantine or reject",
        `p=${policy}`,
      ),
    );
  }
  if (level(below) < level(policy))
    findings.push(finding("warning", "subdomain_policy_weaker", "subdomains have a weaker policy than the domain", `sp=${policy}`, `sp=${below}`));
  if (level(absent) < level(policy))
    findings.push(
      finding("warning", "non_existent_policy_weaker", "names that do not exist have a weaker policy than the domain", `np=${policy}`, `np=${absent}`),
    );
  return findings;
}

function tagFindings(record: string): Finding[] {
  const names = record.split(";").map((part) => part.split("=", 1)[0]?.trim().toLowerCase() ?? "");
  const findings = REMOVED.filter((name) => names.includes(name)).map((name) =>
    finding("warning", "removed_tag", `RFC 9989 has removed ${name}=: receivers treat it differently`, null, name),
  );
  return findings;
}

function reportFindings({ report_addresses: reports, effective_policy: effective }: Parameters<typeof judge>[0], hosts: readonly ReportHost[]): Finding[] {
  const findings = hosts
    .filter(({ isAuthorised }) => isAuthorised === false)
    .map(({ host }) =>
      finding(
        "warning",
        "reports_not_authorised",
        `${host} does not say that it takes this domain's reports (RFC 9990, 3): none are sent`,
        "a record at _report._dmarc",
        null,
      ),
    );
  if (reports.length === 0 && effective !== "none")
    findings.push(finding("warning", "no_reports", "no aggregate reports are asked for (rua=)", "rua=mailto:…", null));
  return findings;
}
