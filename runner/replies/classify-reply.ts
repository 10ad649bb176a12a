import type { BounceClass, BounceSpeaker } from "../../schemas/bounce.js";
import type { Failure, FailureCode, Phase } from "../../schemas/failure.js";
import { MAILBOX_REASONS } from "../../schemas/rcpt.js";
import { type Reply, replyClass } from "../net/smtp/reply.js";
import { type Envelope, NO_ENVELOPE } from "./envelope.js";
import { type OtherSubject, otherSubjectOf } from "./other-subjects.js";
import { isBelieved } from "./read-refusal.js";
import { CLASS_OF_REASON, classOfStatus } from "./reply-class.js";
import type { MessageRow, ReplyRow } from "./reply-row.js";
import { REPLY_TABLE } from "./reply-table.js";
import { FILTER_ROWS } from "./reply-table-filters.js";
import { MESSAGE_FILTER_ROWS } from "./reply-table-message-filters.js";
import { MESSAGE_ROWS } from "./reply-table-messages.js";
import { matches, type ReplyText, readText } from "./reply-text.js";

/** What a refusal means for a message that is to be delivered. */
export interface Classified {
  readonly class: BounceClass;
  /** A retry gets the same answer. */
  readonly permanent: boolean;
  readonly who: BounceSpeaker;
  /** The software or the provider whose wording it is; null if several use it. */
  readonly said_by: string | null;
  /** The id of the row, or of the subject, that decided; null if none matches. */
  readonly rule: string | null;
}

export interface Refused {
  readonly phase: Phase;
  readonly reply: Reply;
  /** The mail host, if known: some wordings mean something at one provider only. */
  readonly host?: string | null;
  /** The addresses of the transaction, if known: a reply that names our sender says nothing of the recipient. */
  readonly envelope?: Envelope;
}

/** Wordings about messages first: those about mailboxes are wider. A row without `class` has the class of its reason. */
export const DELIVERY_TABLE: readonly (MessageRow | ReplyRow)[] = [...MESSAGE_FILTER_ROWS, ...MESSAGE_ROWS, ...REPLY_TABLE];

const BY_FILTERS: ReadonlySet<string> = new Set([...FILTER_ROWS, ...MESSAGE_FILTER_ROWS].map(({ id }) => id));

/** Of a 4yz or 5yz reply. */
export function classifyReply({ phase, reply, host = null, envelope = NO_ENVELOPE }: Refused): Classified {
  const text = readText(reply, envelope);
  const isTemporary = replyClass(reply) === 4;
  const permanent = !isTemporary && !MAY_CHANGE.has(phase);
  const subject = ABOUT_MAILBOXES.has(phase) ? otherSubjectOf(text) : null;
  const row = DELIVERY_TABLE.find((each) => answers(each, phase, host) && matches(each, text) && (!("reason" in each) || mayDecide(each, subject, text)));
  if (row === undefined) return withoutRow(text, phase, isTemporary, permanent, subject);
  const who = BY_FILTERS.has(row.id) ? "filter" : "server";
  return { class: classOf(row, phase), permanent, who, said_by: row.said_by, rule: row.id };
}

/** A refusal in these phases is about the client or its log-in, not about the message: it may pass later, or elsewhere. */
const MAY_CHANGE: ReadonlySet<Phase> = new Set(["connect", "greeting", "starttls", "tls", "ehlo", "auth", "noop", "rset", "quit"]);

/** In these phases the server knows the recipient. */
const ABOUT_MAILBOXES: ReadonlySet<Phase> = new Set(["rcpt", "data"]);

function answers(row: MessageRow | ReplyRow, phase: Phase, host: string | null): boolean {
  if ("reason" in row) return ABOUT_MAILBOXES.has(phase) || !MAILBOX_REASONS.has(row.reason);
  if (row.host !== undefined && (host === null || !row.host.test(host))) return false;
  return row.at === undefined ? phase === "mail" || phase === "data" : row.at.includes(phase);
}

function mayDecide(row: ReplyRow, subject: OtherSubject | null, text: ReplyText): boolean {
  return (!MAILBOX_REASONS.has(row.reason) && row.reason !== "domain_takes_no_mail") || isBelieved(row, subject, text);
}

function classOf(row: MessageRow | ReplyRow, phase: Phase): BounceClass {
  const own = row.class ?? ("reason" in row ? CLASS_OF_REASON[row.reason] : "other");
  if (phase === "starttls") return "tls";
  if (phase === "auth" && (own === "policy" || own === "protocol")) return "auth";
  // A policy that is applied before MAIL can only be against the client.
  return own === "policy" && (phase === "greeting" || phase === "ehlo") ? "reputation" : own;
}

function withoutRow(text: ReplyText, phase: Phase, isTemporary: boolean, permanent: boolean, subject: OtherSubject | null): Classified {
  const common = { permanent, who: "server", said_by: null } as const;
  const byCode = classOfUnknown(text, phase, isTemporary);
  // An enhanced code does not make a recipient's address bad if the words are about something else.
  if (subject === null || isTemporary || !ABOUT_RECIPIENT.has(byCode)) return { ...common, class: byCode, rule: null };
  return { ...common, class: subject.class ?? CLASS_OF_REASON[subject.reason], rule: subject.id };
}

const ABOUT_RECIPIENT: ReadonlySet<BounceClass> = new Set(["address", "mailbox_disabled", "mailbox_full"]);

/** By the enhanced code; if that says nothing, by the command that was refused. */
function classOfUnknown({ enhanced }: ReplyText, phase: Phase, isTemporary: boolean): BounceClass {
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
  // The limit that MAIL exceeds is the server's SIZE.
  const isTooLarge = phase === "mail" && code === "limit_exceeded";
  return { class: isAboutTls ? "tls" : isTooLarge ? "size" : CLASS_OF_CODE[code], permanent: !retryable && !isAboutTls, who: "us", said_by: null, rule: null };
}
