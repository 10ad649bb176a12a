import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

/** sizeLimitExceeded: there is more than was asked for, which is what the limit is for. */
const FINE: ReadonlySet<number> = new Set([0, 4]);

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  const findings = certificateFindings(seen.tls, input.tls, input.target_host);
  if (seen.failure !== null) return findings;
  if (seen.root_dse === null) findings.push(finding("warning", "root_dse_hidden", "the server does not show its root DSE"));
  else if (!seen.root_dse.ldap_versions.includes("3"))
    findings.push(finding("error", "version_3_missing", "the server does not list version 3", "3", seen.root_dse.ldap_versions.join(", ")));
  if (seen.search !== null && !FINE.has(seen.search.result_code))
    findings.push(finding("error", "search_failed", `the search ended with ${seen.search.result} (${seen.search.result_code})`, "success", seen.search.result));
  return [...findings, ...unmet("error", input.expect ?? {}, seen), ...unmet("warning", input.prefer ?? {}, seen)];
}

function unmet(severity: Finding["severity"], wanted: Expectations, { anonymous_read, search, root_dse }: Evidence<Output>): Finding[] {
  const findings: Finding[] = [];
  if (wanted.anonymous_read !== undefined && wanted.anonymous_read !== anonymous_read) {
    const words = anonymous_read === null ? "it is not known whether anonymous clients may read" : `anonymous clients may ${anonymous_read ? "" : "not "}read`;
    findings.push(finding(severity, "anonymous_read", words, String(wanted.anonymous_read), String(anonymous_read)));
  }
  if (wanted.min_entries !== undefined && (search?.entry_count ?? 0) < wanted.min_entries)
    findings.push(finding(severity, "too_few_entries", `the search found ${search?.entry_count ?? 0} entries`, wanted.min_entries, search?.entry_count ?? 0));
  if (wanted.max_search_ms !== undefined && search !== null && search.search_ms > wanted.max_search_ms)
    findings.push(finding(severity, "slow_search", `the search took ${search.search_ms} ms`, wanted.max_search_ms, search.search_ms));
  for (const mechanism of wanted.sasl_mechanisms ?? [])
    if (root_dse?.sasl_mechanisms.some((offered) => offered.toUpperCase() === mechanism.toUpperCase()) !== true)
      findings.push(finding(severity, "mechanism_missing", `the server does not offer ${mechanism}`, mechanism));
  return findings;
}
