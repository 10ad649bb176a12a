import type { DeliveryClass } from "../../schemas/delivery.js";
import { type Failure, type FailureCode, failure, type Phase } from "../../schemas/failure.js";
import type { RcptReason } from "../../schemas/rcpt.js";
import { plainText, type Reply, replyClass, replyText } from "../net/smtp/reply.js";
import { enhancedCodeOf, type RefusedCommand, readRefusal } from "../net/smtp/reply-table.js";
import { toldAfterMs } from "../net/smtp/retry-after.js";
import { rejected } from "../net/smtp/session.js";
import type { Decision, Speaker } from "./decision.js";

/** The command that a reply answered, as decisions count it. */
export type Answered = Extract<Phase, "greeting" | "ehlo" | "starttls" | "auth" | "mail" | "rcpt" | "data">;

/** A 4yz or 5yz reply. Before MAIL it is about us, and no recipient is lost for it: another host, way or day may see us differently. */
export function decisionOfReply(answered: Answered, reply: Reply, speaker: Speaker): Decision {
  const { reason, row } = readRefusal(reply, COMMANDS[answered]);
  const isForGood = replyClass(reply) === 5 && ABOUT_THE_MESSAGE.has(answered);
  const found = answered === "auth" ? "auth" : CLASSES[reason];
  return {
    kind: isForGood ? "refused" : "later",
    class: found,
    code: reply.code,
    enhancedCode: enhancedCodeOf(reply),
    message: plainText(reply),
    matched: row,
    decidedAt: answered,
    speaker,
    failure: { ...rejected(answered, reply).failure, retryable: !isForGood },
    retryAfterMs: isForGood ? null : toldAfterMs(replyText(reply)),
  };
}

const ABOUT_THE_MESSAGE: ReadonlySet<Phase> = new Set(["mail", "rcpt", "data"]);

/** A mailbox may be found full, or missing, at the end of the data only. */
const COMMANDS: Readonly<Record<Answered, RefusedCommand>> = {
  greeting: "greeting",
  ehlo: "ehlo",
  starttls: "starttls",
  auth: "mail",
  mail: "mail",
  rcpt: "rcpt",
  data: "rcpt",
};

const CLASSES: Readonly<Record<RcptReason, DeliveryClass>> = {
  mailbox_exists: "other",
  mailbox_unverified: "other",
  mailbox_unknown: "address",
  mailbox_full: "mailbox_full",
  mailbox_disabled: "mailbox_disabled",
  mailbox_moved: "address",
  mailbox_busy: "rate",
  domain_takes_no_mail: "address",
  domain_unknown: "address",
  greylisted: "greylist",
  rate_limited: "rate",
  sender_refused: "policy",
  client_blocked: "reputation",
  policy: "policy",
  relay_denied: "routing",
  tls_required: "tls",
  tls_failed: "tls",
  server_busy: "network",
  server_fault: "network",
  refused: "other",
  deferred: "other",
  no_mail_host: "address",
  no_answer: "network",
  connection_failed: "network",
  connection_lost: "network",
  dns_failure: "routing",
  protocol_error: "protocol",
  address_malformed: "address",
  address_unsupported: "protocol",
  outbound_blocked: "network",
  not_permitted: "configuration",
  run_ended: "other",
};

/** What kept a host from being asked at all. Its reply, where there is one, is read as any other. */
export function decisionOfBroken(broken: Failure, speaker: Speaker): Decision {
  const { phase, code, reply_code: replyCode, message } = broken;
  if (code !== "reply_rejected" || replyCode === null || !(phase in COMMANDS)) return decisionOfFailure(broken, speaker);
  return decisionOfReply(phase as Answered, { code: replyCode, lines: message.slice(String(replyCode).length + 1).split("\n") }, speaker);
}

/** Something broke before the message was handed over, or could not be asked for. */
export function decisionOfFailure(broken: Failure, asked: Speaker): Decision {
  const kind = kindOf(broken);
  // A host that gave no answer has said nothing: that it did not is our own finding.
  const isSilent = broken.reply_code === null && (asked.saidBy === "mail_host" || asked.saidBy === "relay");
  const speaker = isSilent ? { ...asked, saidBy: "us" as const } : asked;
  return {
    kind,
    class: classOf(broken),
    code: broken.reply_code,
    enhancedCode: broken.enhanced_code ?? LOCAL_CODES[broken.code] ?? null,
    message: broken.message,
    matched: null,
    decidedAt: broken.phase,
    speaker,
    failure: { ...broken, retryable: kind === "later" },
    retryAfterMs: null,
  };
}

/** The connection broke behind the last dot. */
export function decisionOfDoubt(broken: Failure, speaker: Speaker): Decision {
  const words = `${broken.message}; the last dot was sent, so the message may have been taken`;
  return { ...decisionOfFailure({ ...broken, message: words }, speaker), kind: "unknown", failure: { ...broken, message: words, retryable: false } };
}

export function delivered(reply: Reply, speaker: Speaker): Decision {
  return {
    kind: "delivered",
    class: null,
    code: reply.code,
    enhancedCode: enhancedCodeOf(reply),
    message: replyText(reply),
    matched: null,
    decidedAt: "data",
    speaker,
    failure: null,
    retryAfterMs: null,
  };
}

/** Decided here, before anybody was asked. */
export function decidedHere(kind: Decision["kind"], about: DeliveryClass, phase: Phase, code: FailureCode, words: string, speaker: Speaker): Decision {
  const told = { ...failure(phase, code, words), retryable: kind === "later" };
  return { ...decisionOfFailure(told, speaker), kind, class: about, failure: told };
}

/** RFC 3463, for what we refuse in a server's stead: it does not take so much, or not such an address or text. */
const LOCAL_CODES: Partial<Readonly<Record<FailureCode, string>>> = { limit_exceeded: "5.3.4", unsupported: "5.6.7" };

/** What a server would refuse for good is refused for good without asking it. */
function kindOf({ phase, code }: Failure): Decision["kind"] {
  const isOurRefusal = (phase === "mail" || phase === "rcpt") && (code === "unsupported" || code === "limit_exceeded");
  if (isOurRefusal) return "refused";
  return code === "not_permitted" ? "failed" : "later";
}

function classOf({ phase, code }: Failure): DeliveryClass {
  if (phase === "resolve") return code === "not_permitted" ? "configuration" : "routing";
  if (phase === "auth") return "auth";
  if (phase === "tls" || phase === "starttls") return "tls";
  if (code === "limit_exceeded") return phase === "mail" ? "size" : "protocol";
  return BY_CODE[code];
}

const BY_CODE: Readonly<Record<FailureCode, DeliveryClass>> = {
  dns_not_found: "routing",
  dns_failure: "routing",
  refused: "network",
  unreachable: "network",
  reset: "network",
  closed: "network",
  timeout: "network",
  cancelled: "other",
  tls_certificate: "tls",
  tls_protocol: "tls",
  reply_rejected: "other",
  protocol_violation: "protocol",
  limit_exceeded: "configuration",
  not_permitted: "configuration",
  unsupported: "protocol",
  unknown: "other",
};
