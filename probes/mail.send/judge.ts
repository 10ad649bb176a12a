import { readRefusal } from "../../runner/replies/reply-table.js";
import { round } from "../../runner/run/clock.js";
import { statusOf } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Phase } from "../../schemas/failure.js";
import { endOf } from "./attempt.js";
import { errorTypeOf, replyIn } from "./error-type.js";
import type { Recipient, SendAttempt, SendEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** What follows from the attempts and the recipients' outcomes. */
export function judge(input: Input, evidence: SendEvidence): void {
  const { attempts, recipients, failure } = evidence;
  const last = attempts.at(-1);
  evidence.attempt_count = last?.number ?? 0;
  evidence.reply_code = last?.reply_code ?? null;
  evidence.reply_message = last?.reply_message ?? null;
  evidence.error_type = failure === null ? null : errorTypeOf(failure);
  evidence.delivery = deliveryOf(recipients);
  const greylisted = attempts.find(isGreylisted);
  evidence.greylisted = greylisted !== undefined;
  evidence.greylist_delay_ms = greylisted === undefined ? null : delayAfter(greylisted, evidence);
  evidence.findings.push(...certificateFindings(evidence.tls, input.tls_options, input.tls_options.servername ?? input.host));
  evidence.status = statusOf(failure, evidence.findings);
}

function deliveryOf(recipients: readonly Recipient[]): SendEvidence["delivery"] {
  const are = (wanted: Recipient["outcome"]): number => recipients.filter(({ outcome }) => outcome === wanted).length;
  if (are("unknown") > 0) return "unknown";
  if (are("accepted") > 0) return are("accepted") === recipients.length ? "accepted" : "partial";
  // Whoever was sent away before a sender was named was not asked about this message.
  return recipients.some(({ phase }) => phase !== null && IN_TRANSACTION.has(phase)) ? "refused" : "not_sent";
}

const IN_TRANSACTION: ReadonlySet<Phase> = new Set(["mail", "rcpt", "data"]);

/** Greylists speak where a recipient is named, or at the end of the message. */
function isGreylisted({ failure }: SendAttempt): boolean {
  if (failure === null || !IN_TRANSACTION.has(failure.phase)) return false;
  const reply = replyIn(failure);
  return reply !== null && readRefusal(reply, "rcpt").reason === "greylisted";
}

/** From the refusal to the end of the first attempt after it that was taken for somebody. */
function delayAfter(greylisted: SendAttempt, { attempts, recipients }: SendEvidence): number | null {
  const taken = attempts.find(({ number }) => number > greylisted.number && recipients.some((each) => each.outcome === "accepted" && each.attempt === number));
  return taken === undefined ? null : round(endOf(taken) - endOf(greylisted));
}
