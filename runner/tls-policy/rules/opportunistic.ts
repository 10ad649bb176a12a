import { failure } from "../../../schemas/failure.js";
import type { HostTls } from "../policy.js";
import type { PolicyFacts } from "./known.js";

/** TLS if offered: every other rule is stricter. */
export function opportunisticRule({ host, domain }: Pick<PolicyFacts, "host" | "domain">): HostTls {
  return {
    host,
    outcome: "use",
    level: "may",
    source: "opportunistic",
    testing: false,
    reason: "no TLS policy applies",
    failure: null,
    violation: null,
    servername: host,
    // The oldest TLS is better than none.
    minVersion: "TLSv1",
    referenceNames: [],
    tlsa: [],
    fingerprints: [],
    requireTls: false,
    report: { policy_type: "no-policy-found", policy_domain: domain, policy_string: [], mx_host: [] },
  };
}

/** A host that must not be used. This is temporary: what its domain publishes may change before the message expires. */
export function skipped(rule: HostTls, reason: string): HostTls {
  return { ...rule, outcome: "skip", failure: { ...failure("tls", "not_permitted", reason), retryable: true }, reason };
}
