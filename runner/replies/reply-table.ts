import type { BounceClass } from "../../schemas/bounce.js";
import { MAILBOX_REASONS, type RcptReason } from "../../schemas/rcpt.js";
import { enhancedCode, plainText, type Reply, replyClass } from "../net/smtp/reply.js";
import { FILTER_ROWS } from "./reply-table-filters.js";
import { PROVIDER_ROWS } from "./reply-table-providers.js";
import { SERVER_ROWS } from "./reply-table-servers.js";
import { STANDARD_ROWS } from "./reply-table-standard.js";

/** One way to say no. Everything that is given must fit. */
export interface Wording {
  /** Stands in outputs: a result can be traced to its row. */
  readonly id: string;
  readonly said_by: string;
  readonly codes: readonly number[];
  /** Of the enhanced code. Without one, a reply with any code or none fits. */
  readonly enhanced?: RegExp;
  /** Of the reply's lines joined by blanks, without its enhanced codes, and with @ for every address. */
  readonly text?: RegExp;
  /** Where it is public that this reply means this. */
  readonly source: string;
  /** Such a reply, as it stands on the wire. */
  readonly example: string;
}

/** What it means where a mailbox is asked for, and for a message that is to be delivered. */
export interface ReplyRow extends Wording {
  readonly reason: RcptReason;
  /** Left out where it follows from the reason (runner/net/smtp/reply-class.ts). */
  readonly class?: BounceClass;
}

/** Words of a known sender first, then words that several use, then bare codes: the first row that fits decides. */
export const REPLY_TABLE: readonly ReplyRow[] = [...PROVIDER_ROWS, ...FILTER_ROWS, ...SERVER_ROWS, ...STANDARD_ROWS];

/** At which command a refusal came. Only RCPT is about a mailbox. */
export type RefusedCommand = "greeting" | "ehlo" | "starttls" | "mail" | "rcpt";

export interface Refusal {
  readonly reason: RcptReason;
  /** The id of the table's row; null when none fits. */
  readonly row: string | null;
}

/** What a 4yz or 5yz reply means. One that nobody knows is `refused` or `deferred`: never that a mailbox does not exist. */
export function readRefusal(reply: Reply, command: RefusedCommand): Refusal {
  const heard = heardIn(reply);
  const row = REPLY_TABLE.find((candidate) => fits(candidate, heard) && (command === "rcpt" || !MAILBOX_REASONS.has(candidate.reason)));
  if (row !== undefined) return { reason: atTheDoor(row.reason, command), row: row.id };
  return { reason: UNKNOWN_WORDS[command][replyClass(reply) === 4 ? "later" : "never"], row: null };
}

/** Before we have said what we want, a policy can only be against who we are. */
function atTheDoor(reason: RcptReason, command: RefusedCommand): RcptReason {
  return reason === "policy" && (command === "greeting" || command === "ehlo") ? "client_blocked" : reason;
}

const UNKNOWN_WORDS: Readonly<Record<RefusedCommand, { later: RcptReason; never: RcptReason }>> = {
  greeting: { later: "server_busy", never: "client_blocked" },
  ehlo: { later: "server_busy", never: "client_blocked" },
  starttls: { later: "server_busy", never: "policy" },
  mail: { later: "deferred", never: "sender_refused" },
  rcpt: { later: "deferred", never: "refused" },
};

export interface Heard {
  readonly code: number;
  readonly enhanced: string | null;
  readonly text: string;
}

export function heardIn(reply: Reply): Heard {
  return { code: reply.code, enhanced: enhancedCodeOf(reply), text: comparable(reply) };
}

export function fits(row: Wording, { code, enhanced, text }: Heard): boolean {
  if (!row.codes.includes(code)) return false;
  if (row.enhanced !== undefined && (enhanced === null || !row.enhanced.test(enhanced))) return false;
  return row.text === undefined || row.text.test(text);
}

/** qmail and those after it write the code behind the words: `(#5.1.1)`. */
export function enhancedCodeOf(reply: Reply): string | null {
  const standing = enhancedCode(reply);
  if (standing !== null) return standing;
  const [, found = ""] = /#([45]\.\d{1,3}\.\d{1,3})\b/.exec(reply.lines.join(" ")) ?? [];
  return found.startsWith(String(replyClass(reply))) ? found : null;
}

/** A refusal says what it says in its first lines; what a hostile server sends behind them would only take time to read. */
const MOST_CHARACTERS = 4096;

/** An address that is repeated in a reply may hold any words: those are not the server's. */
function comparable(reply: Reply): string {
  return plainText(reply)
    .slice(0, MOST_CHARACTERS)
    .replace(/\s+/g, " ")
    .replace(/[^\s<>()[\]"':,;]{1,320}@[^\s<>()[\]"':,;]+/g, "@");
}
