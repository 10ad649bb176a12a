import type { DeliveryClass, DeliveryOutcome, NextStep } from "../../../schemas/delivery-outcome.js";
import type { DeliveryRecipient, DeliveryReport } from "../../../schemas/delivery-report.js";
import type { DeliveryMode } from "../../../schemas/delivery-route.js";
import type { DeliverySettings } from "../../../schemas/delivery-settings.js";
import type { Random } from "../../net/dns/shuffle.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import type { Decision } from "./decision.js";
import { type Progress, waitMs } from "./schedule.js";

/** The data of a report. */
export interface ReportSource {
  readonly mode: DeliveryMode;
  /** Null if it could not be prepared. */
  readonly message: OutboundMessage | null;
  readonly recipients: readonly Recipient[];
  readonly retry: DeliverySettings["retry"];
  readonly random: Random;
  readonly progress: Progress;
}

/** The report on a message that the engine has processed. */
export function reportOf(source: ReportSource): DeliveryReport {
  const { mode, message, recipients } = source;
  return {
    message_id: message?.prepared.messageId ?? null,
    size_bytes: message?.prepared.size ?? 0,
    helo_domain: message?.helloName ?? null,
    mode,
    recipients: recipients.map((recipient) => recipientReport(recipient, source)),
    attempts: message?.attempts ?? [],
    changes: [...(message?.prepared.changes ?? [])],
    dkim: message?.prepared.dkim ?? { signatures: [], problems: [] },
  };
}

function recipientReport(recipient: Recipient, source: ReportSource): DeliveryRecipient {
  const decision = recipient.decision as Decision;
  const { outcome, nextTryAt, givesUpAt } = endingOf(recipient, decision, source);
  return {
    address: recipient.address,
    domain: recipient.domain,
    site: recipient.site,
    outcome,
    class: decision.class,
    way: recipient.chosen?.way ?? null,
    way_reason: recipient.chosen?.reason ?? null,
    way_explanation: recipient.chosen?.explanation ?? null,
    code: decision.code,
    enhanced_code: decision.enhancedCode,
    message: decision.message,
    matched: decision.matched,
    decided_at: decision.decidedAt,
    said_by: decision.speaker.saidBy,
    host: decision.speaker.host,
    ip_address: decision.speaker.ipAddress,
    failure: decision.failure,
    tries: source.progress.triesOf(recipient),
    attempts: [...recipient.attempts],
    next: nextStep(outcome, decision),
    next_try_at: nextTryAt === null ? null : utcOf(nextTryAt),
    gives_up_at: givesUpAt === null ? null : utcOf(givesUpAt),
  };
}

interface Ending {
  readonly outcome: DeliveryOutcome;
  readonly nextTryAt: number | null;
  readonly givesUpAt: number | null;
}

const OVER = { nextTryAt: null, givesUpAt: null } as const;

const FINAL: Readonly<Record<Exclude<Decision["kind"], "later">, DeliveryOutcome>> = {
  delivered: "delivered",
  refused: "bounced",
  unknown: "unknown",
  failed: "failed",
};

function endingOf(recipient: Recipient, decision: Decision, { retry, random, progress }: ReportSource): Ending {
  if (decision.kind !== "later") return { outcome: FINAL[decision.kind], ...OVER };
  const now = Date.now();
  const nextTryAt = progress.dueAt(recipient) ?? now + waitMs(decision, progress.triesOf(recipient), retry, random);
  if (!progress.isQueued) return { outcome: "failed", nextTryAt, givesUpAt: null };
  const givesUpAt = progress.startedAt + retry.give_up_after_ms;
  // The last attempt is made at the deadline, not one whole delay before it.
  return now >= givesUpAt ? { outcome: "bounced", ...OVER } : { outcome: "queued", nextTryAt: Math.min(nextTryAt, givesUpAt), givesUpAt };
}

function nextStep(outcome: DeliveryOutcome, { class: found, failure, kind }: Decision): NextStep {
  if (outcome === "delivered") return "nothing";
  if (outcome === "queued") return "will_be_tried";
  if (outcome === "unknown") return "ask_the_recipient";
  if (found === "suppressed") return "nothing";
  if (outcome === "failed") return failure?.retryable === true ? "may_be_tried" : "correct_the_configuration";
  return kind === "later" ? "may_be_tried" : (STEPS[found ?? "other"] ?? "read_the_reply");
}

const STEPS: Partial<Readonly<Record<DeliveryClass, NextStep>>> = {
  address: "correct_the_address",
  mailbox_full: "ask_the_recipient",
  mailbox_disabled: "ask_the_recipient",
  auth: "correct_the_configuration",
  configuration: "correct_the_configuration",
};

function utcOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
