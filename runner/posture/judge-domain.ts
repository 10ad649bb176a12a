import type { Check, CheckEvidence } from "../../schemas/check.js";
import type { RecordType } from "../net/dns/records.js";
import { hasDkim, judgeAuthentication } from "./authentication.js";
import { judgeBimi } from "./bimi/judge.js";
import { advice, check, type Rule } from "./check.js";
import { judgeDane } from "./dane/judge.js";
import { judgeDkim } from "./dkim/judge.js";
import { judgeDmarc } from "./dmarc/judge.js";
import { judgeDnssec } from "./dnssec/judge.js";
import type { DomainFacts } from "./examine-domain.js";
import { judgeHosts } from "./hosts/judge.js";
import { judgeSts } from "./mtasts/judge.js";
import { judgeMx } from "./mx/judge.js";
import { receives, sends } from "./profile.js";
import { judgeRelay } from "./relay/judge.js";
import { judgeReverse } from "./reverse/judge.js";
import { judgeSpf } from "./spf/judge.js";
import { judgeTlsReports } from "./tlsrpt/judge.js";

type EvidenceOf = (name: string, type: RecordType) => CheckEvidence[];

/** Every check of a domain, from what is known of it. It does no I/O. */
export function judgeDomain(facts: DomainFacts, evidenceOf: EvidenceOf): Check[] {
  const spoofing = spoofingChecks(facts, evidenceOf);
  const checks = [...spoofing, ...arrivalChecks(facts, spoofing, evidenceOf), ...receivingChecks(facts, evidenceOf)];
  if (facts.route.outcome !== "no_such_name") return checks;
  // Nothing is advised for a name that is misspelled.
  return [...checks.map((each) => ({ ...each, advice: null })), check(MISSING, "unknown", `${facts.domain} does not exist`)];
}

function spoofingChecks({ domain, profile, spf, dkim, dmarc }: DomainFacts, evidenceOf: EvidenceOf): Check[] {
  const isSending = sends(profile);
  return [
    ...judgeSpf(spf, { sends: isSending, evidence: evidenceOf(domain, "TXT") }),
    ...judgeDkim(dkim, { sends: isSending, evidenceOf: (selector) => evidenceOf(`${selector}._domainkey.${domain}`, "TXT") }),
    ...judgeDmarc(dmarc, { hasDkim: hasDkim(dkim, dmarc), sends: isSending, evidence: evidenceOf(`_dmarc.${dmarc.policy_domain ?? domain}`, "TXT") }),
  ];
}

function arrivalChecks(facts: DomainFacts, spfChecks: readonly Check[], evidenceOf: EvidenceOf): Check[] {
  const { domain, profile, spf, dkim, reverse, listings, bimi, dmarc } = facts;
  if (!sends(profile)) return [];
  return [
    judgeAuthentication({ domain, spf, dkim, dmarc, spfChecks }),
    ...(reverse.length === 0 ? [check(UNNAMED, "unknown", "no address is known that sends mail", { advice: advice("Give the addresses that send.") })] : []),
    ...reverse.flatMap((each) =>
      judgeReverse(each, { isSender: each.is_sender, hasDkim: hasDkim(dkim, dmarc), evidence: evidenceOf(each.reverse_name, "PTR") }),
    ),
    ...listingChecks(listings),
    ...judgeBimi(bimi, dmarc, evidenceOf(bimi.record.name, "TXT")),
  ];
}

const MISSING: Rule = { id: "sender.authenticated", area: "arrival", spec: null };
const UNNAMED: Rule = { id: "reverse.ptr", area: "arrival", spec: "RFC 1912 2.1" };
const LISTED: Rule = { id: "blocklist.listed", area: "arrival", spec: "RFC 5782 2.1" };

function listingChecks(listings: DomainFacts["listings"]): Check[] {
  const listed = listings.filter(({ result }) => result === "listed");
  const unknown = listings.filter(({ result }) => result === "unknown");
  const evidence = (each: (typeof listings)[number]): CheckEvidence[] => [
    { name: each.list, type: "A", value: each.message, outcome: each.result === "unknown" ? "failed" : "answered", authenticated: false, server: null },
  ];
  if (listings.length === 0) return [];
  return [
    ...listed.map((each) =>
      check(LISTED, "error", `${each.list} lists ${each.ip_address}`, {
        evidence: evidence(each),
        advice: advice("Find out what was sent from it, stop that, and ask the list to remove it."),
      }),
    ),
    ...[...new Set(unknown.map(({ list }) => list))].map((list) =>
      check(LISTED, "unknown", `${list} gives no usable answer: ${unknown.find((each) => each.list === list)?.message ?? ""}`),
    ),
    ...(listed.length === 0 && unknown.length < listings.length ? [check(LISTED, "pass", "no block list that answered lists a sending address")] : []),
  ];
}

function receivingChecks(facts: DomainFacts, evidenceOf: EvidenceOf): Check[] {
  const { domain, profile, route, dnssec, hosts, relays, sts, reports, dane, now } = facts;
  const isReceiving = receives(profile);
  const mx = judgeMx(route, { receives: isReceiving, sends: sends(profile), evidence: evidenceOf(domain, "MX") });
  if (!isReceiving) return mx;
  const isTrustNeeded = (sts.policy?.state === "valid" && sts.policy.mode === "enforce") || dane.some(({ names_authority: names }) => names);
  const isProtected = sts.policy?.state === "valid" || dane.some(({ records }) => records.length > 0);
  return [
    ...mx,
    judgeDnssec(dnssec, evidenceOf(domain, dnssec.decided_by)),
    ...(hosts === null ? [] : judgeHosts(hosts, { isTrustNeeded, now })),
    ...relays.flatMap(({ host, attempts }) => judgeRelay(host, attempts)),
    ...judgeSts(sts, { evidence: evidenceOf(`_mta-sts.${domain}`, "TXT"), receives: true }),
    ...dane.flatMap((each) => judgeDane(each, evidenceOf(each.decided_by.name, each.decided_by.type))),
    requiredCheck(facts),
    ...judgeTlsReports(reports, { evidence: evidenceOf(`_smtp._tls.${domain}`, "TXT"), isNeeded: isProtected }),
  ];
}

/** STARTTLS alone is stripped by an attacker on the way: only a policy makes senders insist on it. */
function requiredCheck({ domain, sts, dane, route }: DomainFacts): Check {
  const about: Rule = { id: "tls.required", area: "receiving", spec: "RFC 8461 1" };
  const isEnforced = sts.policy?.state === "valid" && sts.policy.mode === "enforce";
  const byDane = dane.length > 0 && dane.every(({ state }) => state === "secure" || state === "no_match");
  if (isEnforced || byDane)
    return check(about, "pass", `senders must use TLS to reach ${domain} (${[...(isEnforced ? ["MTA-STS"] : []), ...(byDane ? ["DANE"] : [])].join(", ")})`);
  const isUnknown =
    sts.record.state === "unknown" || sts.policy?.state === "unknown" || dane.some(({ state }) => state === "unknown") || route.kind === "unknown";
  if (isUnknown) return check(about, "unknown", "whether a policy requires TLS is not known");
  return check(about, "warning", "no policy requires TLS: an attacker on the way can switch STARTTLS off", {
    advice: advice("Publish an MTA-STS policy, or sign the zones and publish TLSA records."),
  });
}
