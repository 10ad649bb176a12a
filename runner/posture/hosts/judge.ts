import type { Check, CheckEvidence, Verdict } from "../../../schemas/check.js";
import { advice, check, type Rule } from "../check.js";
import type { HostFacts } from "./meet.js";

const rule = (name: string, spec: string): Rule => ({ id: `tls.${name}`, area: "receiving", spec });
const STARTTLS = rule("starttls", "RFC 3207");

export interface HostJudgeOptions {
  /** Trust and name of a certificate matter: MTA-STS is enforced, or DANE names an authority. */
  readonly isTrustNeeded: boolean;
  readonly now: Date;
}

/** The TLS of a domain's mail hosts, as far as one conversation with each shows it. */
export function judgeHosts(hosts: readonly HostFacts[], options: HostJudgeOptions): Check[] {
  return [...starttlsChecks(hosts), ...hosts.flatMap((host) => tlsChecks(host, options))];
}

function starttlsChecks(hosts: readonly HostFacts[]): Check[] {
  const answered = hosts.filter(({ starttls }) => starttls !== "unknown");
  const isEveryHost = answered.length > 0 && answered.every(({ starttls }) => starttls !== "secured");
  const bad = hosts.flatMap((host): Check[] => {
    const verdict = verdictOf(host, isEveryHost);
    return verdict === null
      ? []
      : [
          check(STARTTLS, verdict, messageOf(host), {
            evidence: evidenceOf(host),
            advice: verdict === "unknown" ? null : advice(`Offer STARTTLS on ${host.host}: mail to it is sent in plain text.`),
          }),
        ];
  });
  if (bad.length > 0 || hosts.length === 0) return bad;
  return [check(STARTTLS, "pass", `every mail host offers STARTTLS (${hosts.map(({ host }) => host).join(", ")})`, { evidence: hosts.flatMap(evidenceOf) })];
}

/** Five different answers: not offered, refused for now, refused, a failed handshake, and silence. */
function verdictOf({ starttls, failure }: HostFacts, isEveryHost: boolean): Verdict | null {
  if (starttls === "secured") return null;
  if (starttls === "unknown") return "unknown";
  if (starttls === "refused" && failure?.retryable === true) return "warning";
  return isEveryHost ? "error" : "warning";
}

function messageOf({ host, ip_address: address, starttls, failure }: HostFacts): string {
  const why = failure === null ? "" : `: ${failure.message}`;
  switch (starttls) {
    case "not_offered":
      return `${host} offers no STARTTLS`;
    case "refused":
      return `${host} offers STARTTLS, and refuses it${why}`;
    case "broken":
      return `the TLS handshake with ${host} fails${why}`;
    default:
      return address === null ? `${host} has no address that may be dialled` : `${host} could not be examined${why}`;
  }
}

const EXPIRES_SOON_DAYS = 14;

function tlsChecks({ host, tls, ...about }: HostFacts, { isTrustNeeded, now }: HostJudgeOptions): Check[] {
  if (tls === null) return [];
  const evidence = evidenceOf({ host, tls, ...about });
  const isOld = tls.version === "TLSv1" || tls.version === "TLSv1.1";
  const version = check(rule("version", "RFC 8996"), isOld ? "warning" : "pass", `${host} speaks ${tls.version}${isOld ? " at most" : ""}`, {
    evidence,
    advice: isOld ? advice("Switch TLS 1.2 and 1.3 on.") : null,
  });
  const { certificate, authorised, problems, invalid_reasons: reasons } = tls;
  const trust = rule("certificate", "RFC 8461 4.2");
  const weak = reasons.filter((reason) => reason === "weak_key" || reason === "weak_signature");
  const left = certificate === null ? null : (Date.parse(certificate.not_after) - now.getTime()) / 86_400_000;
  const checks = [version];
  if (!authorised) {
    const verdict: Verdict = isTrustNeeded ? "warning" : "notice";
    const why = problems.join(", ").replaceAll("_", " ");
    checks.push(
      check(trust, verdict, `the certificate of ${host} is not trusted (${why})${isTrustNeeded ? "" : ", which matters only with MTA-STS or DANE"}`, {
        evidence,
        advice: isTrustNeeded ? advice("Get a certificate from a public authority for the name of the host.") : null,
      }),
    );
  } else if (left !== null && left <= EXPIRES_SOON_DAYS) {
    checks.push(check(trust, "warning", `the certificate of ${host} expires in ${Math.floor(left)} days`, { evidence, advice: advice("Renew it.") }));
  } else checks.push(check(trust, "pass", `the certificate of ${host} is trusted`, { evidence }));
  if (weak.length > 0)
    checks.push(
      check(rule("key", "RFC 9325 4.2"), "warning", `the certificate of ${host} is weak (${weak.join(", ").replaceAll("_", " ")})`, {
        evidence,
        advice: advice("Get a certificate with an RSA key of 2048 bits, or an elliptic-curve key."),
      }),
    );
  return checks;
}

function evidenceOf({ host, ip_address: address, starttls, tls, failure }: Omit<HostFacts, "chain" | "name">): CheckEvidence[] {
  const value = tls === null ? (failure?.message ?? starttls.replaceAll("_", " ")) : `${tls.version} ${tls.cipher}`;
  return [{ name: host, type: "SMTP", value, outcome: starttls === "unknown" ? "failed" : "answered", authenticated: false, server: address }];
}
