import { distinct, finding, statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";
import type { DeliverEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** ok if it was delivered to all recipients, a warning if a queue continues with it, an error if a recipient will not get it. */
export function judge(evidence: DeliverEvidence, input: Input): void {
  evidence.findings = findingsOf(evidence, input);
  evidence.failure = failureOf(evidence);
  evidence.status = statusOf(evidence.failure, evidence.findings);
}

/** The worst final outcome. `unknown` comes first, since a person has to look into it. */
function failureOf({ recipients }: DeliverEvidence): Failure | null {
  const lost = recipients.filter(({ outcome }) => outcome === "unknown" || outcome === "bounced" || outcome === "failed");
  const worst = lost.find(({ outcome }) => outcome === "unknown") ?? lost.find(({ failure }) => failure?.retryable === true) ?? lost[0];
  if (worst?.failure == null) return null;
  const rest = lost.length > 1 ? ` (${lost.length} of ${recipients.length} recipients were not delivered to)` : "";
  return { ...worst.failure, message: `${worst.address}: ${worst.failure.message}${rest}` };
}

/** Findings of one kind: a list of a thousand recipients reports each in its record already. */
const MAX_FINDINGS = 20;

function findingsOf({ recipients, attempts, changes, dkim }: DeliverEvidence, input: Input): Finding[] {
  return [
    ...recipients
      .filter(({ outcome }) => outcome === "queued")
      .slice(0, MAX_FINDINGS)
      .map(({ address, message, next_try_at: at }) =>
        finding("warning", "queued", `${address} is not delivered yet and will be retried at ${at}: ${message}`, "delivered", "queued"),
      ),
    ...distinct(
      attempts
        .filter(({ tls }) => tls === "failed" || tls === "refused")
        .map(({ host, tls }) =>
          finding("warning", `tls_${tls}`, `${host} offers STARTTLS, and ${tls === "failed" ? "the handshake failed" : "refused it"}`, "secured", tls),
        ),
    ).slice(0, MAX_FINDINGS),
    ...changes.filter(({ code }) => code === "lines_too_long").map(({ code, message }) => finding("warning", code, message, "at most 998 bytes", "longer")),
    ...(input.dkim.length === 0 ? [] : dkim.problems.map(({ code, message }) => finding("warning", `dkim_${code}`, message, "signed", "not signed"))),
  ];
}
