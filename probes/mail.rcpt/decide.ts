import { plainText, type Reply, replyClass, replyText } from "../../runner/net/smtp/reply.js";
import { rejected } from "../../runner/net/smtp/session.js";
import type { Envelope } from "../../runner/replies/envelope.js";
import { type RefusedCommand, readRefusal } from "../../runner/replies/read-refusal.js";
import { enhancedCodeOf } from "../../runner/replies/reply-text.js";
import { retryAfterMs } from "../../runner/replies/retry-after.js";
import { monotonic, round } from "../../runner/run/clock.js";
import type { Failure, Phase } from "../../schemas/failure.js";
import type { DecidedAt, RcptCategory, RcptReason } from "../../schemas/rcpt.js";
import type { Question, Result } from "./evidence.js";

/** Who said it. */
export interface Speaker {
  readonly host: string;
  readonly ipAddress: string;
}

/** What is decided of an address, or of all that a server was to be asked for. */
export interface Decision
  extends Pick<Result, "category" | "code" | "enhanced_code" | "message" | "decided_at" | "reason" | "matched" | "retry_after_ms" | "error"> {
  readonly failure: Failure | null;
}

/** A reply that decides: 2yz to RCPT, 4yz or 5yz to any command. */
export function decisionOfReply(command: RefusedCommand, reply: Reply, envelope: Envelope): Decision {
  if (last !== null && last.command === command && last.reply.code === reply.code && areSame(last.reply.lines, reply.lines) && meansTheSame(last, envelope)) {
    return last.decision;
  }
  last = { command, reply, envelope, decision: freshDecision(command, reply, envelope) };
  return last.decision;
}

interface LastDecision {
  readonly command: RefusedCommand;
  readonly reply: Reply;
  readonly envelope: Envelope;
  readonly decision: Decision;
}

/** Most servers give one address after the other the same reply, and reading it is what takes time. Decisions are never written to. */
let last: LastDecision | null = null;

function areSame(lines: readonly string[], others: readonly string[]): boolean {
  return lines.length === 1 ? others.length === 1 && lines[0] === others[0] : lines.length === others.length && lines.every((line, at) => line === others[at]);
}

/** A reply that quotes a name or an address depends on whose it is. */
function meansTheSame({ reply, envelope }: LastDecision, { sender, recipient }: Envelope): boolean {
  if (envelope.sender !== sender) return false;
  if (envelope.recipient === recipient) return true;
  return domainOf(envelope.recipient) === domainOf(recipient) && !reply.lines.some((line) => /[@<"']/.test(line));
}

function domainOf(address: string | null): string {
  return address === null ? "" : address.slice(address.lastIndexOf("@") + 1);
}

function freshDecision(command: RefusedCommand, reply: Reply, envelope: Envelope): Decision {
  const said = { code: reply.code, enhanced_code: enhancedCodeOf(reply), message: plainText(reply), decided_at: command, error: null };
  if (command === "rcpt" && replyClass(reply) === 2) {
    return {
      ...said,
      category: "accept",
      reason: reply.code === CANNOT_VERIFY ? "mailbox_unverified" : "mailbox_exists",
      matched: null,
      retry_after_ms: null,
      failure: null,
    };
  }
  const { reason, row } = readRefusal(reply, command, envelope);
  const isTemporary = replyClass(reply) === 4;
  return {
    ...said,
    category: categoryOf(command, replyClass(reply)),
    reason,
    matched: row,
    retry_after_ms: isTemporary ? retryAfterMs(reason, replyText(reply)) : null,
    failure: rejected(command, reply).failure,
  };
}

/** RFC 5321, section 3.5.3: delivery will be tried, the mailbox was not checked. */
const CANNOT_VERIFY = 252;

/** A refusal before RCPT concerns us: a 5yz reply is then no hard failure of an address. */
function categoryOf(command: RefusedCommand, kind: number): RcptCategory {
  if (kind === 4) return "temp_fail";
  return command === "rcpt" && kind === 5 ? "hard_fail" : "unknown";
}

/** Something failed, and there is no reliable reply. */
export function decisionOfFailure(failure: Failure): Decision {
  const reason = reasonOf(failure);
  return {
    category: "unknown",
    code: failure.reply_code,
    enhanced_code: failure.enhanced_code,
    message: null,
    decided_at: decidedAt(failure.phase),
    reason,
    matched: null,
    retry_after_ms: failure.retryable ? retryAfterMs(reason, "") : null,
    error: failure.message,
    failure,
  };
}

/** Decided without a server: of the address itself, its domain, or this machine. */
export function decisionOf(reason: RcptReason, at: DecidedAt | null, category: RcptCategory, failure: Failure): Decision {
  return { ...decisionOfFailure(failure), category, reason, decided_at: at, retry_after_ms: failure.retryable ? retryAfterMs(reason, "") : null };
}

function reasonOf({ phase, code }: Failure): RcptReason {
  if (code === "cancelled") return "run_ended";
  if (phase === "resolve") return code === "not_permitted" ? "not_permitted" : "dns_failure";
  if (phase === "connect" && code !== "timeout" && code !== "reset") return "connection_failed";
  if (code === "timeout") return "no_answer";
  if (code === "protocol_violation" || code === "limit_exceeded") return "protocol_error";
  if (code === "unsupported") return phase === "starttls" || phase === "tls" ? "tls_required" : "address_unsupported";
  if (code === "tls_certificate" || code === "tls_protocol") return "tls_failed";
  return "connection_lost";
}

const AT: Partial<Readonly<Record<Phase, DecidedAt>>> = {
  resolve: "resolve",
  connect: "connect",
  greeting: "greeting",
  ehlo: "ehlo",
  starttls: "starttls",
  tls: "tls",
  mail: "mail",
  rcpt: "rcpt",
  rset: "rcpt",
};

function decidedAt(phase: Phase): DecidedAt {
  return AT[phase] ?? "input";
}

/** Writes a decision down. One that is not final may be overwritten: by another mail host, or on another connection. */
export function settle(question: Question, decision: Decision, speaker: Speaker | null, isFinal: boolean): void {
  if (question.isSettled) return;
  const { result } = question;
  // One by one: on the path of every address, and Object.assign would take three times as long.
  result.category = decision.category;
  result.code = decision.code;
  result.enhanced_code = decision.enhanced_code;
  result.message = decision.message;
  result.decided_at = decision.decided_at;
  result.reason = decision.reason;
  result.matched = decision.matched;
  result.retry_after_ms = decision.retry_after_ms;
  result.error = decision.error;
  result.mx_host = speaker?.host ?? null;
  result.ip_address = speaker?.ipAddress ?? null;
  result.elapsed_ms = question.beganAt === null ? null : round(monotonic() - question.beganAt);
  question.failure = decision.failure;
  question.isSettled = isFinal;
}
