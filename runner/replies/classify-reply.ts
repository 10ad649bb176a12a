import type { BounceClass, BounceSpeaker } from "../../schemas/bounce.js";
import type { Failure, FailureCode, Phase } from "../../schemas/failure.js";
import { MAILBOX_REASONS } from "../../schemas/rcpt.js";
import { type Reply, replyClass } from "../net/smtp/reply.js";
import { CLASS_OF_REASON, classOfStatus } from "./reply-class.js";
import { fits, type Heard, heardIn, REPLY_TABLE, type ReplyRow } from "./reply-table.js";
import { FILTER_ROWS } from "./reply-table-filters.js";
import { MESSAGE_FILTER_ROWS } from "./reply-table-message-filters.js";
import { MESSAGE_ROWS, type MessageRow } from "./reply-table-messages.js";

/** What a refusal means for a message that is to be delivered. */
export interface Classified {
  readonly class: BounceClass;
  /** The same will be said of it later, too. */
  readonly permanent: boolean;
  readonly who: BounceSpeaker;
  /** The software or the provider whose words they are; null where nobody is known by them. */
  readonly said_by: string | null;
  /** The id of the table's row; null when none fits. */
  readonly rule: string | null;
}

export interface Refused {
  readonly phase: Phase;
  readonly reply: Reply;
  /** The mail host, where it is known: some words mean something at one provider only. */
  readonly host?: string | null;
}

/** Words about messages first: those about mailboxes are wider. All of one table, whose rows without `class` have it by their reason. */
export const DELIVERY_TABLE: readonly (MessageRow | ReplyRow)[] = [...MESSAGE_FILTER_ROWS, ...MESSAGE_ROWS, ...REPLY_TABLE];

const BY_FILTERS: ReadonlySet<string> = new Set([...FILTER_ROWS, ...MESSAGE_FILTER_ROWS].map(({ id }) => id));

/** Of a 4yz or 5yz reply. */
export function classifyReply({ phase, reply, host = null }: Refused): Classified {
  const heard = heardIn(reply);
  const isTemporary = replyClass(reply) === 4;
  const permanent = !isTemporary && !MAY_CHANGE.has(phase);
  const row = DELIVERY_TABLE.find((candidate) => mayBeSaid(candidate, phase, host) && fits(candidate, heard));
  if (row === undefined) return { class: classOfUnknown(heard, phase, isTemporary), permanent, who: "server", said_by: null, rule: null };
  const who = BY_FILTERS.has(row.id) ? "filter" : "server";
  return { class: classOf(row, phase), permanent, who, said_by: row.said_by, rule: row.id };
}

/** What a server says to all before it knows what they bring, and about our log-in, is not about a message: it may be taken later, or elsewhere. */
const MAY_CHANGE: ReadonlySet<Phase> = new Set(["connect", "greeting", "starttls", "tls", "ehlo", "auth", "noop", "rset", "quit"]);

/** After these a mailbox is known to the server. */
const ABOUT_MAILBOXES: ReadonlySet<Phase> = new Set(["rcpt", "data"]);

function mayBeSaid(row: MessageRow | ReplyRow, phase: Phase, host: string | null): boolean {
  if ("reason" in row) return ABOUT_MAILBOXES.has(phase) || !MAILBOX_REASONS.has(row.reason);
  if (row.host !== undefined && (host === null || !row.host.test(host))) return false;
  return row.at === undefined ? phase === "mail" || phase === "data" : row.at.includes(phase);
}

function classOf(row: MessageRow | ReplyRow, phase: Phase): BounceClass {
  const own = row.class ?? ("reason" in row ? CLASS_OF_REASON[row.reason] : "other");
  if (phase === "starttls") return "tls";
  if (phase === "auth" && (own === "policy" || own === "protocol")) return "auth";
  // Before we have said what we want, a policy can only be against who we are.
  return own === "policy" && (phase === "greeting" || phase === "ehlo") ? "reputation" : own;
}

/** By the enhanced code; where that says nothing, by the command that was refused. */
function classOfUnknown({ enhanced }: Heard, phase: Phase, isTemporary: boolean): BounceClass {
  const byCode = enhanced === null ? null : classOfStatus(enhanced);
  if (byCode !== null && (byCode !== "address" || ABOUT_MAILBOXES.has(phase))) return phase === "auth" && byCode === "policy" ? "auth" : byCode;
  return WITHOUT_WORDS[phase]?.[isTemporary ? "later" : "never"] ?? "other";
}

const WITHOUT_WORDS: Partial<Readonly<Record<Phase, { later: BounceClass; never: BounceClass }>>> = {
  greeting: { later: "network", never: "reputation" },
  ehlo: { later: "network", never: "reputation" },
  starttls: { later: "tls", never: "tls" },
  auth: { later: "auth", never: "auth" },
  mail: { later: "other", never: "policy" },
};

const CLASS_OF_CODE: Readonly<Record<FailureCode, BounceClass>> = {
  dns_not_found: "routing",
  dns_failure: "routing",
  refused: "network",
  unreachable: "network",
  reset: "network",
  closed: "network",
  timeout: "network",
  cancelled: "network",
  tls_certificate: "tls",
  tls_protocol: "tls",
  reply_rejected: "other",
  protocol_violation: "protocol",
  limit_exceeded: "protocol",
  not_permitted: "policy",
  unsupported: "protocol",
  unknown: "other",
};

/** Of what broke: by the words of the reply that it stands for, if any. */
export function classifyFailure(failure: Failure, reply: Reply | null, host: string | null = null): Classified {
  const { phase, code, retryable } = failure;
  if (reply !== null && reply.code >= 400) return classifyReply({ phase, reply, host });
  const isAboutTls = phase === "starttls" || phase === "tls";
  // What exceeds a limit of MAIL is the message: SIZE is looked at before it is sent.
  const isTooLarge = phase === "mail" && code === "limit_exceeded";
  return { class: isAboutTls ? "tls" : isTooLarge ? "size" : CLASS_OF_CODE[code], permanent: !retryable && !isAboutTls, who: "us", said_by: null, rule: null };
}
