import { failure } from "../../../schemas/failure.js";
import { showTlsa, usableTlsa } from "../dane/tlsa.js";
import type { HostTls } from "../policy.js";
import { matchesMx } from "../sts/read-policy.js";
import type { PolicyViolation } from "../violation.js";
import type { PolicyFacts } from "./known.js";
import { opportunisticRule, skipped } from "./opportunistic.js";

/** DANE first: MTA-STS never makes good what fails it (RFC 8461, section 2). */
export function publishedRule(known: PolicyFacts): HostTls {
  return daneRule(known) ?? stsRule(known) ?? opportunisticRule(known);
}

/** Null where DANE has nothing to say of the host. */
export function daneRule(known: PolicyFacts): HostTls | null {
  const { host, route, dane, sts } = known;
  const doubt = doubtOf(known);
  if (doubt !== null) return deferred(known, doubt);
  if (route?.kind !== "secure" || dane?.kind !== "records") return null;
  const report: HostTls["report"] = { policy_type: "tlsa", policy_domain: dane.base, policy_string: dane.records.map(showTlsa), mx_host: [] };
  const rule: HostTls = { ...opportunisticRule(known), source: "dane", minVersion: "TLSv1.2", servername: dane.base, report };
  const tlsa = usableTlsa(dane.records);
  if (tlsa.length > 0) {
    const referenceNames = [...new Set([dane.base, host, ...route.names])];
    return { ...rule, level: "dane", referenceNames, tlsa, reason: `the TLSA records at ${dane.owner}` };
  }
  // No record authenticates a certificate; the records still require TLS (RFC 7672, section 2.2). MTA-STS may demand more.
  if (sts?.mode === "enforce") return null;
  const violation: PolicyViolation = { type: "tlsa-invalid", message: `none of the TLSA records at ${dane.owner} can be used` };
  return { ...rule, level: "encrypt", violation, reason: violation.message };
}

/** Why it is unknown whether the host has TLSA records. */
function doubtOf({ host, domain, route, dane }: PolicyFacts): string | null {
  if (route?.kind === "unknown") return route.reason;
  if (route?.kind === "secure" && route.hosts !== null && !route.hosts.has(host)) return `the signed MX records of ${domain} do not name ${host}`;
  return dane?.kind === "unknown" ? dane.reason : null;
}

function deferred(known: PolicyFacts, reason: string): HostTls {
  const violation: PolicyViolation = { type: "dnssec-invalid", message: reason };
  const report: HostTls["report"] = { policy_type: "tlsa", policy_domain: known.host, policy_string: [], mx_host: [] };
  return {
    ...opportunisticRule(known),
    level: "dane",
    source: "dane",
    outcome: "defer",
    failure: failure("resolve", "dns_failure", reason),
    reason,
    violation,
    report,
  };
}

/** Null where MTA-STS has nothing to say. */
function stsRule(known: PolicyFacts): HostTls | null {
  const { host, domain, sts } = known;
  if (sts === null || sts.mode === "none") return null;
  const report: HostTls["report"] = { policy_type: "sts", policy_domain: domain, policy_string: [...sts.lines], mx_host: [...sts.mx] };
  const violation: PolicyViolation | null = matchesMx(host, sts.mx)
    ? null
    : { type: "validation-failure", message: `the MTA-STS policy of ${domain} does not name ${host}` };
  const tested: HostTls = { ...opportunisticRule(known), source: "mta_sts", referenceNames: [host], report, violation };
  if (sts.mode === "testing") return { ...tested, testing: true, reason: `the MTA-STS policy of ${domain}, which is being tested` };
  const rule: HostTls = { ...tested, level: "verify", minVersion: "TLSv1.2", reason: `the MTA-STS policy of ${domain}` };
  return violation === null ? rule : skipped(rule, violation.message);
}
