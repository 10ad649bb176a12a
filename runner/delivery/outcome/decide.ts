import type { DeliveryClass } from "../../../schemas/delivery-outcome.js";
import { type Failure, type FailureCode, failure, type Phase } from "../../../schemas/failure.js";
import { plainText, type Reply, replyClass, replyText } from "../../net/smtp/reply.js";
import { rejected } from "../../net/smtp/session.js";
import { classifyFailure, classifyReply } from "../../replies/classify-reply.js";
import { type Envelope, NO_ENVELOPE } from "../../replies/envelope.js";
import { enhancedCodeOf } from "../../replies/reply-text.js";
import { requestedDelayMs } from "../../replies/retry-after.js";
import type { Decision, Speaker } from "./decision.js";

/**
 * A 4yz or 5yz reply. Before MAIL it concerns us, so no recipient is bounced for it: another host, route or day may decide otherwise. The envelope
 * shows whether a reply names the recipient or our own sender.
 */
export function decisionOfReply(phase: Phase, reply: Reply, asked: Speaker, envelope: Envelope = NO_ENVELOPE): Decision {
  const { class: found, permanent, who, rule } = classifyReply({ phase, reply, host: asked.host, envelope });
  return {
    kind: permanent ? "refused" : "later",
    // In this phase, whatever the text of a refusal, it concerns TLS.
    class: phase === "starttls" ? "tls" : found,
    code: reply.code,
    enhancedCode: enhancedCodeOf(reply),
    message: plainText(reply),
    matched: rule,
    decidedAt: phase,
    speaker: who === "filter" ? { ...asked, saidBy: "filter" } : asked,
    failure: { ...rejected(phase, reply).failure, retryable: !permanent },
    retryAfterMs: permanent ? null : requestedDelayMs(replyText(reply)),
  };
}

/** A failure before the message was sent. `reply` is the reply behind it, which is classified like any other. */
export function decisionOfFailure(broken: Failure, asked: Speaker, reply: Reply | null = null, envelope: Envelope = NO_ENVELOPE): Decision {
  const { phase, code, reply_code: replyCode, message } = broken;
  if (code === "reply_rejected" && reply !== null && replyClass(reply) >= 4) return decisionOfReply(phase, reply, asked, envelope);
  const kind = kindOf(broken);
  return {
    kind,
    class: classOf(broken, asked, reply),
    code: replyCode,
    enhancedCode: broken.enhanced_code ?? (kind === "refused" ? localCode(broken) : null),
    message,
    matched: null,
    decidedAt: phase,
    // A host that did not reply: the finding is our own.
    speaker: replyCode === null && asked.saidBy !== "name_server" ? { ...asked, saidBy: "us" } : asked,
    failure: { ...broken, retryable: kind === "later" },
    retryAfterMs: null,
  };
}

/** The connection was lost after the final dot of DATA. */
export function decisionOfUnknown(broken: Failure, speaker: Speaker, reply: Reply | null): Decision {
  const words = `${broken.message}; the final dot was sent, so the message may have been accepted`;
  const doubtful = { ...broken, message: words, retryable: false };
  return { ...decisionOfFailure(doubtful, speaker, reply), kind: "unknown", failure: doubtful };
}

export function delivered(reply: Reply, speaker: Speaker): Decision {
  return {
    kind: "delivered",
    class: null,
    code: reply.code,
    enhancedCode: enhancedCodeOf(reply),
    message: plainText(reply),
    matched: null,
    decidedAt: "data",
    speaker,
    failure: null,
    retryAfterMs: null,
  };
}

/** Decided here, before any server was contacted. */
export function decidedHere(kind: Decision["kind"], about: DeliveryClass, phase: Phase, code: FailureCode, words: string, speaker: Speaker): Decision {
  return {
    kind,
    class: about,
    code: null,
    enhancedCode: null,
    message: words,
    matched: null,
    decidedAt: phase,
    speaker,
    failure: { ...failure(phase, code, words), retryable: kind === "later" },
    retryAfterMs: null,
  };
}

/** A refusal that is certain in advance, and a mail loop. */
function kindOf({ phase, code, retryable }: Failure): Decision["kind"] {
  if ((phase === "mail" || phase === "rcpt") && (code === "unsupported" || code === "limit_exceeded")) return "refused";
  if (phase === "ehlo" && (code === "unsupported" || code === "not_permitted")) return "refused";
  return code === "not_permitted" && !retryable ? "failed" : "later";
}

function classOf(broken: Failure, { host }: Speaker, reply: Reply | null): DeliveryClass {
  const { phase, code } = broken;
  if (phase === "ehlo" && code === "not_permitted") return "routing";
  if (phase === "tls" || (phase === "ehlo" && code === "unsupported")) return "tls";
  if (code === "not_permitted") return "configuration";
  if (phase === "auth") return "auth";
  return phase === "resolve" ? "routing" : classifyFailure(broken, reply, host).class;
}

/** The codes of RFC 3463, of RFC 6531 for headers and addresses beyond ASCII, and of RFC 8689 for REQUIRETLS, for decisions made in place of a server. */
function localCode({ phase, code, message }: Failure): string {
  if (phase === "ehlo") return code === "unsupported" ? "5.7.30" : "5.4.6";
  if (code === "limit_exceeded") return "5.3.4";
  if (/\b8BITMIME\b/.test(message)) return "5.6.3";
  return /\bheader\b/.test(message) ? "5.6.9" : "5.6.7";
}
