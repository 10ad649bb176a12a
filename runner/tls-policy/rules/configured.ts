import type { ConfiguredTls, HostTls } from "../policy.js";
import type { PolicyViolation } from "../violation.js";
import type { PolicyFacts } from "./known.js";
import { opportunisticRule, skipped } from "./opportunistic.js";
import { daneRule } from "./published.js";

/** What the operator demands of a destination. */
export function configuredRule(known: PolicyFacts, configured: ConfiguredTls): HostTls {
  const rule: HostTls = { ...opportunisticRule(known), level: configured.level, source: "configured", minVersion: "TLSv1.2", reason: "it is configured so" };
  switch (configured.level) {
    case "may":
      return { ...rule, minVersion: "TLSv1" };
    case "verify":
      return { ...rule, referenceNames: namesOf(known, configured.names) };
    case "fingerprint":
      return { ...rule, fingerprints: configured.sha256.map((digits) => digits.replaceAll(":", "").toLowerCase()) };
    case "dane":
      return onlyDane(known, rule);
    default:
      return rule;
  }
}

function namesOf({ host, domain }: PolicyFacts, names: "host" | "domain" | readonly string[]): string[] {
  if (names === "host") return [host];
  return names === "domain" ? [domain] : [...names];
}

function onlyDane(known: PolicyFacts, rule: HostTls): HostTls {
  const published = daneRule(known);
  if (published?.level === "dane") return { ...published, source: "configured" };
  const violation: PolicyViolation = { type: "dane-required", message: `DANE is required, and ${known.host} has no usable signed TLSA records` };
  return skipped({ ...rule, violation }, violation.message);
}
