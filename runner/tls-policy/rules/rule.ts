import type { HostTls } from "../policy.js";
import { matchesMx } from "../sts/read-policy.js";
import { configuredRule } from "./configured.js";
import type { PolicyFacts } from "./known.js";
import { opportunisticRule, skipped } from "./opportunistic.js";
import { publishedRule } from "./published.js";

/** Who decides: the first that has something to say. */
export function ruleFor(known: PolicyFacts): HostTls {
  const { wish, configured } = known;
  if (wish === "require_tls") return { ...requiredRule(known), requireTls: true };
  if (configured !== null) return configuredRule(known, configured);
  if (wish === "tls_required_no")
    return { ...opportunisticRule(known), source: "tls_required_no", reason: "the message asks to be delivered even without TLS" };
  return publishedRule(known);
}

/**
 * RFC 8689, section 4.2.1: the host must be authenticated by DNSSEC or by MTA-STS, and its certificate by TLSA records or by an authority. An equally
 * strict configuration replaces both.
 */
function requiredRule(known: PolicyFacts): HostTls {
  const { host, configured } = known;
  if (configured !== null && VERIFYING.includes(configured.level)) return configuredRule(known, configured);
  const published = publishedRule(known);
  if (published.outcome !== "use" || VERIFYING.includes(published.level)) return published;
  const rule: HostTls = { ...published, level: "verify", source: "require_tls", testing: false, minVersion: "TLSv1.2", referenceNames: [host] };
  const voucher = voucherOf(known);
  if (voucher !== null) return { ...rule, violation: null, reason: `the message requires TLS, and ${voucher}` };
  return skipped(rule, `the message requires TLS, and neither DNSSEC nor MTA-STS vouches for ${host} as a mail host of ${known.domain}`);
}

const VERIFYING: readonly HostTls["level"][] = ["verify", "fingerprint", "dane"];

function voucherOf({ host, route, sts }: PolicyFacts): string | null {
  if (route?.kind === "secure") return "the way to the host is known";
  return sts !== null && sts.mode !== "none" && matchesMx(host, sts.mx) ? "the domain's MTA-STS policy names the host" : null;
}
