import type { Phase } from "../../../schemas/failure.js";
import type { ReportAction, ReportedRecipient } from "../../../schemas/report.js";
import { enhancedCode, type Reply } from "../../net/smtp/reply.js";
import { type Classified, classifyReply } from "../../replies/classify-reply.js";
import { classOfStatus } from "../../replies/reply-class.js";
import { shown } from "../limits.js";
import { REPORT_LIMITS } from "./limits.js";

/** What a report says of a recipient, before it is judged. */
export interface ReportedRecipientText {
  readonly address: string;
  readonly originalRecipient?: string | null;
  readonly action: ReportAction | null;
  readonly status?: string | null;
  readonly diagnostic?: string | null;
  readonly diagnosticType?: string | null;
  readonly remoteMta?: string | null;
  readonly lastAttemptTime?: string | null;
  readonly willRetryUntil?: string | null;
}

export function judged(reported: ReportedRecipientText): ReportedRecipient {
  const { address, originalRecipient = null, diagnosticType = null, remoteMta = null, lastAttemptTime = null, willRetryUntil = null } = reported;
  // Long enough for any honest one: all expressions that follow read it.
  const diagnostic = reported.diagnostic?.slice(0, REPORT_LIMITS.lineCharacters) ?? null;
  const reply = diagnostic === null ? null : replyIn(diagnostic);
  const status = reported.status ?? statusIn(diagnostic, reply);
  const action = reported.action ?? actionOf(status, reply);
  const failed = action === "failed" || action === "delayed" || action === null;
  return {
    address: cut(address),
    original_recipient: originalRecipient === null ? null : cut(originalRecipient),
    action,
    status,
    diagnostic: diagnostic === null ? null : shown(diagnostic),
    diagnostic_type: diagnosticType === null ? null : shown(diagnosticType, 40),
    reply_code: reply?.code ?? null,
    remote_mta: remoteMta === null ? null : shown(remoteMta, 255),
    last_attempt_time: lastAttemptTime,
    will_retry_until: willRetryUntil,
    ...(failed ? why(reply, status, diagnostic ?? "", remoteMta, action) : NOTHING_FAILED),
  };
}

const cut = (address: string): string => shown(address, REPORT_LIMITS.addressCharacters);

type Why = Pick<ReportedRecipient, "class" | "permanent" | "who" | "said_by" | "rule">;
const NOTHING_FAILED: Why = { class: null, permanent: null, who: null, said_by: null, rule: null };

function why(reply: Reply | null, status: string | null, diagnostic: string, remoteMta: string | null, action: ReportAction | null): Why {
  const byStatus = status === null ? null : classOfStatus(status);
  // Words without a code are read like words with one: the rows know them.
  const words = reply ?? wordsAsReply(diagnostic, status, action);
  const reported: Classified = classifyReply({ phase: phaseIn(diagnostic), reply: words, host: remoteMta });
  const byWords = reported.rule === null && reported.class === "other" ? null : reported.class;
  return {
    class: byWords ?? byStatus ?? "other",
    permanent: isPermanent(status, reply, action),
    who: reply === null ? "us" : reported.who,
    said_by: reported.said_by,
    rule: reported.rule,
  };
}

/** A temporary refusal that lasted until the message expired says nothing about the address. */
function isPermanent(status: string | null, reply: Reply | null, action: ReportAction | null): boolean {
  if (action === "delayed") return false;
  const first = status?.[0] ?? String(reply?.code ?? 5)[0];
  return first === "5";
}

function wordsAsReply(diagnostic: string, status: string | null, action: ReportAction | null): Reply {
  const isLater = status === null ? action === "delayed" : status.startsWith("4");
  return { code: isLater ? 450 : 550, lines: [`${status ?? ""} ${diagnostic}`.trim()] };
}

/** 550 at the start, or after the name of the host that said it: `host mx[192.0.2.1] said: 550-5.1.1 …`. */
const CODE = /(?:^|said: |returned '?|error from remote mail server after [^:]{1,100}(?::<[^>]{0,320}>)?: |[\s:;<#(])([245]\d\d)(?:[ -]|: |$)/i;

/** The reply in a diagnostic, which may hold several lines of it in one. */
export function replyIn(diagnostic: string): Reply | null {
  const found = CODE.exec(diagnostic);
  const [all, code] = found ?? [];
  if (found === null || all === undefined || code === undefined) return null;
  const rest = diagnostic.slice(found.index + all.indexOf(code) + 3).replace(/^:?[ -]/, "");
  const lines = rest.split(new RegExp(`[\\s]${code}[ -]`)).map((line) => line.replace(COMMAND, "").trim());
  return Number(code) < 400 ? null : { code: Number(code), lines };
}

/** What Postfix appends to the reply. */
const COMMAND = /\(in reply to ([A-Za-z ]{2,30}?)(?: command)?\)\s*$/i;

/** If nothing is stated, the reply to the message itself: a reporting server usually accepted the recipient first. */
function phaseIn(diagnostic: string): Phase {
  const [, command = ""] = COMMAND.exec(diagnostic) ?? /after ((?:RCPT TO|MAIL FROM|end of data|EHLO|initial connection|STARTTLS))/i.exec(diagnostic) ?? [];
  if (/^RCPT/i.test(command)) return "rcpt";
  if (/^MAIL/i.test(command)) return "mail";
  if (/^(?:EHLO|HELO)/i.test(command)) return "ehlo";
  return /connection/i.test(command) ? "greeting" : "data";
}

/** `(#5.1.1)`, or anywhere as a word of its own. */
function statusIn(diagnostic: string | null, reply: Reply | null): string | null {
  const own = reply === null ? null : enhancedCode(reply);
  if (own !== null && !own.endsWith(".0.0")) return own;
  const [, found = null] = /(?:^|[\s#;(])([245]\.\d{1,3}\.\d{1,3})(?=[\s);:,>]|$)/.exec(diagnostic ?? "") ?? [];
  return found ?? own;
}

function actionOf(status: string | null, reply: Reply | null): ReportAction | null {
  const first = status?.[0] ?? (reply === null ? "" : String(reply.code)[0]);
  return first === "5" ? "failed" : first === "4" ? "delayed" : first === "2" ? "delivered" : null;
}
