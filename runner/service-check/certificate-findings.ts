import type { Finding } from "../../schemas/finding.js";
import type { TlsFacts, TlsInput } from "../../schemas/tls.js";
import { problemWords } from "../net/transport/problem-words.js";
import { finding } from "../run/judge.js";

/** Warnings for a certificate that is untrusted or expires soon. */
export function certificateFindings(tls: TlsFacts | null, { verify, warn_days: warnDays }: Pick<TlsInput, "verify" | "warn_days">, host: string): Finding[] {
  if (tls === null || verify === "ignore") return [];
  const findings: Finding[] = [];
  if (verify === "report" && !tls.authorised) {
    const problems = problemWords(tls);
    findings.push(
      finding("warning", "certificate_not_trusted", `the certificate is not trusted for ${tls.servername ?? host}: ${problems}`, "trusted", problems),
    );
  }
  const left = tls.certificate?.days_left ?? 0;
  if (left >= 0 && left < warnDays) {
    const words = `the certificate expires in ${left} days, on ${tls.certificate?.not_after}`;
    findings.push(finding("warning", "certificate_expires_soon", words, `${warnDays} days`, `${left} days`));
  }
  return findings;
}
