import type { Check, CheckEvidence } from "../../../schemas/check.js";
import { check, type Rule } from "../check.js";
import type { DmarcFacts } from "../dmarc/examine.js";
import type { BimiFacts } from "./examine.js";

const rule = (name: string): Rule => ({ id: `bimi.${name}`, area: "arrival", spec: "draft-brand-indicators-for-message-identification" });

/** A logo beside messages is a courtesy of receivers: nothing is lost without it, so that nothing here is worse than a notice. */
export function judgeBimi(
  facts: BimiFacts,
  dmarc: Pick<DmarcFacts, "record" | "effective_policy" | "unanswered">,
  evidence: readonly CheckEvidence[],
): Check[] {
  const record = recordCheck(facts, evidence);
  if (facts.record.state !== "valid") return [record];
  return [record, dmarcCheck(dmarc), ...logoCheck(facts), ...certificateCheck(facts)];
}

function recordCheck({ record }: BimiFacts, evidence: readonly CheckEvidence[]): Check {
  const about = rule("record");
  const { state, problem, remarks, name } = record;
  if (state === "unknown") return check(about, "unknown", problem ?? "no answer", { evidence });
  if (state === "declined") return check(about, "pass", "the domain declines to show a logo", { evidence });
  if (problem !== null) return check(about, "notice", problem, { evidence });
  if (state === "none") return check(about, "not_applicable", `there is no record at ${name}`, { evidence });
  if (remarks.length > 0) return check(about, "notice", remarks.join("; "), { evidence });
  return check(about, "pass", "the record is valid", { evidence });
}

/** Receivers show a logo only for domains that ask them to reject or quarantine what is not theirs, whole. */
function dmarcCheck({ record, effective_policy: effective, unanswered }: Pick<DmarcFacts, "record" | "effective_policy" | "unanswered">): Check {
  const about = rule("dmarc");
  if (unanswered !== null) return check(about, "unknown", unanswered.message);
  const share = Number(record?.tags.get("pct") ?? "100");
  const below = record?.subdomain_policy;
  const why =
    effective === null || effective === "none"
      ? "the DMARC policy is neither quarantine nor reject"
      : record?.is_test === true
        ? "DMARC is in testing mode (t=y)"
        : below === "none"
          ? "the policy for subdomains is none"
          : effective === "quarantine" && share < 100
            ? "the policy applies to a part of the messages only (pct)"
            : null;
  return check(about, why === null ? "pass" : "notice", why === null ? `the DMARC policy is ${effective}` : `${why}: receivers show no logo`);
}

function logoCheck({ logo }: BimiFacts): Check[] {
  if (logo === null) return [];
  const about = rule("svg");
  if (logo.svg === null) return [check(about, "notice", `the logo could not be fetched from ${logo.url}: ${logo.problem}`)];
  const { problems, remarks } = logo.svg;
  if (problems.length > 0) return [check(about, "notice", `the logo is no SVG Tiny PS: ${problems.join("; ")}`)];
  if (remarks.length > 0) return [check(about, "notice", `the logo is valid, but ${remarks.join("; ")}`)];
  return [check(about, "pass", "the logo is SVG Tiny PS")];
}

function certificateCheck({ record, certificate, logo }: BimiFacts): Check[] {
  const about = rule("certificate");
  if (certificate === null)
    return logo === null || record.evidence !== ""
      ? []
      : [check(about, "notice", "there is no certificate of the mark (a=): Gmail and others show no logo without one")];
  const why = certificate.problem ?? faultOf(certificate);
  return [
    check(
      about,
      why === null ? "pass" : "notice",
      why === null
        ? `the certificate of the mark is for this domain, issued by ${certificate.issuer}`
        : `the certificate at ${certificate.url} cannot be used: ${why}`,
    ),
  ];
}

function faultOf(certificate: NonNullable<BimiFacts["certificate"]>): string | null {
  if (certificate.is_for_marks === false) return "it is not issued for marks";
  if (certificate.is_for_domain === false) return "it is not for this domain";
  if (certificate.is_chain_signed === false) return "the certificates of the file do not sign each other in turn";
  if (certificate.is_hash_right === false) return "its hash is not that of the logo inside it";
  return certificate.is_logo_same === false ? "the logo inside it is not the one that the record names" : null;
}
