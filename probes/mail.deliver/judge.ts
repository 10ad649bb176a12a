import { finding, statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";
import type { DeliverEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** ok where a server has taken it for everybody, a warning where a queue goes on with it, an error where somebody will not get it. */
export function judge(evidence: DeliverEvidence, input: Input): void {
  evidence.findings = findingsOf(evidence, input);
  evidence.failure = failureOf(evidence);
  evidence.status = statusOf(evidence.failure, evidence.findings);
}

/** Of those that are over. Doubt comes first: it is what a person has to look after. */
function failureOf({ recipients }: DeliverEvidence): Failure | null {
  const lost = recipients.filter(({ outcome }) => outcome === "unknown" || outcome === "bounced" || outcome === "failed");
  const worst = lost.find(({ outcome }) => outcome === "unknown") ?? lost.find(({ failure }) => failure?.retryable === true) ?? lost[0];
  if (worst?.failure == null) return null;
  const rest = lost.length > 1 ? ` (${lost.length} of ${recipients.length} recipients were not delivered to)` : "";
  return { ...worst.failure, message: `${worst.address}: ${worst.failure.message}${rest}` };
}

/** A list of a thousand says it once a line already. */
const MOST_TOLD = 20;

function findingsOf({ recipients, attempts, dkim }: DeliverEvidence, input: Input): Finding[] {
  return [
    ...recipients
      .filter(({ outcome }) => outcome === "queued")
      .slice(0, MOST_TOLD)
      .map(({ address, message, next_try_at: at }) =>
        finding("warning", "queued", `${address} has not got it yet, and will be tried again at ${at}: ${message}`, "delivered", "queued"),
      ),
    ...attempts
      .filter(({ tls }) => tls === "failed" || tls === "refused")
      .slice(0, MOST_TOLD)
      .map(({ host, tls }) =>
        finding("warning", `tls_${tls}`, `${host} offers STARTTLS, and it ${tls === "failed" ? "failed" : "was refused"}`, "secured", tls),
      ),
    ...(input.dkim.length === 0 ? [] : dkim.problems.map(({ code, message }) => finding("warning", `dkim_${code}`, message, "signed", "not signed"))),
  ];
}
