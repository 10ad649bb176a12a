import { round } from "../../runner/run/clock.js";
import { statusOf } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import { endOf } from "./attempt.js";
import { errorTypeOf, IN_TRANSACTION } from "./error-type.js";
import type { Recipient, SendAttempt, SendEvidence } from "./evidence.js";
import type { Progress } from "./job-state.js";
import type { Input } from "./schema.js";

/** What follows from the attempts and the recipients' outcomes. */
export function judge(input: Input, evidence: SendEvidence, { greylistedAttempt }: Progress): void {
  const { attempts, recipients, failure } = evidence;
  const last = attempts.at(-1);
  evidence.attempt_count = last?.number ?? 0;
  evidence.reply_code = last?.reply_code ?? null;
  evidence.reply_message = last?.reply_message ?? null;
  evidence.error_type = failure === null ? null : errorTypeOf(failure);
  evidence.delivery = deliveryOf(recipients);
  evidence.greylisted = greylistedAttempt !== null;
  const greylisted = attempts.find(({ number }) => number === greylistedAttempt);
  evidence.greylist_delay_ms = greylisted === undefined ? null : delayAfter(greylisted, evidence);
  evidence.findings.push(...certificateFindings(evidence.tls, input.tls_options, input.tls_options.servername ?? input.host));
  evidence.status = statusOf(failure, evidence.findings);
}

function deliveryOf(recipients: readonly Recipient[]): SendEvidence["delivery"] {
  const are = (wanted: Recipient["outcome"]): number => recipients.filter(({ outcome }) => outcome === wanted).length;
  if (are("unknown") > 0) return "unknown";
  if (are("accepted") > 0) return are("accepted") === recipients.length ? "accepted" : "partial";
  // A client that is rejected before MAIL was not rejected because of this message.
  return recipients.some(({ phase }) => phase !== null && IN_TRANSACTION.has(phase)) ? "refused" : "not_sent";
}

/** From the rejection to the end of the first later attempt that was accepted for a recipient. */
function delayAfter(greylisted: SendAttempt, { attempts, recipients }: SendEvidence): number | null {
  const taken = attempts.find(({ number }) => number > greylisted.number && recipients.some((each) => each.outcome === "accepted" && each.attempt === number));
  return taken === undefined ? null : round(endOf(taken) - endOf(greylisted));
}
