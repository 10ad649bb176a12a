import type { Check, CheckEvidence, Verdict } from "../../../schemas/check.js";
import { advice, check, type Rule } from "../check.js";
import type { DaneFacts } from "./examine.js";

const TLSA: Rule = { id: "dane.tlsa", area: "receiving", spec: "RFC 7672 2.2" };
const ROLLOVER: Rule = { id: "dane.rollover", area: "receiving", spec: "RFC 7671 8.1" };

export function judgeDane(facts: DaneFacts, evidence: readonly CheckEvidence[]): Check[] {
  const [verdict, message, why] = verdictOf(facts);
  const record = check(TLSA, verdict, message, { evidence, advice: why === null ? null : advice(why) });
  return facts.state === "secure" ? [record, ...rolloverCheck(facts)] : [record];
}

function verdictOf(facts: DaneFacts): [Verdict, string, string | null] {
  const { host, owner, state, records, reason, offers_tls: offersTls, is_bogus: isBogus, usable } = facts;
  if (offersTls === false && state !== "absent" && state !== "insecure")
    return ["error", `${owner} requires TLS, and ${host} offers no STARTTLS: senders do not deliver`, "Offer STARTTLS, or remove the records."];
  switch (state) {
    case "secure":
      if (facts.is_route_signed === false)
        return [
          "notice",
          `${host} has a TLSA record that matches, but the MX records that name it are not signed: not every sender goes by it`,
          "Sign the zone of the domain.",
        ];
      return ["pass", `${host} has a TLSA record that matches (${usable} usable)`, null];
    case "no_match":
      return [
        "error",
        `no TLSA record matches what ${host} sends: ${reason}; senders do not deliver`,
        "Publish a 3 1 1 record of the present key, or send the chain that the record names.",
      ];
    case "unusable":
      return [
        "warning",
        `the records at ${owner} cannot be used (${records.join("; ").slice(0, 300)}): senders require TLS, and verify nothing`,
        "Publish a 3 1 1 record.",
      ];
    case "insecure":
      if (records.length === 0) return ["not_applicable", `senders look for no TLSA records of ${host}: ${reason}`, null];
      return ["notice", `the records at ${owner} have no effect: ${reason}`, "Sign the zone of the mail host."];
    case "absent":
      return ["not_applicable", `${host} has no TLSA records`, null];
    default:
      if (isBogus) return ["error", `${bogusRecords(facts)} fail DNSSEC validation: senders do not deliver`, "Correct the signatures of the zone."];
      return ["unknown", `${host}: ${reason}; senders wait while a signed zone gives no answer`, null];
  }
}

function bogusRecords({ host, decided_by: { name, type } }: DaneFacts): string {
  return type === "A" || type === "AAAA" ? `the addresses of ${host}` : `the records at ${name}`;
}

function rolloverCheck({ host, has_next_key: hasNext, names_authority: namesAuthority }: DaneFacts): Check[] {
  if (namesAuthority) return [];
  if (hasNext) return [check(ROLLOVER, "pass", `${host} has a record of its next key`)];
  return [
    check(ROLLOVER, "notice", `${host} has no record of a next key: its key can only change after the record has been published for twice its time to live`),
  ];
}
