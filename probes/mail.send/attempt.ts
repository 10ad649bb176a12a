import { leave } from "../../runner/net/smtp/leave.js";
import { CLOSING, plainText, type Reply, replyClass } from "../../runner/net/smtp/reply.js";
import { failureReply, replyOf, type SmtpSession } from "../../runner/net/smtp/session.js";
import { nothingLearned, openSubmission, type SubmissionOptions } from "../../runner/net/smtp/submission.js";
import { type Envelope, type Transaction, transaction } from "../../runner/net/smtp/transaction.js";
import { readRefusal } from "../../runner/replies/read-refusal.js";
import { round } from "../../runner/run/clock.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { resolved } from "../../schemas/secret.js";
import type { MailAddresses } from "./addresses.js";
import { decide, decideAll } from "./decide.js";
import { errorTypeOf, IN_TRANSACTION, isTemporary } from "./error-type.js";
import { type Ctx, isOpen, type SendAttempt, type SendEvidence } from "./evidence.js";
import type { Progress } from "./job-state.js";
import type { Input } from "./schema.js";

/** What every attempt is made with. */
export interface Sending {
  input: Input;
  ctx: Ctx;
  evidence: SendEvidence;
  addresses: MailAddresses;
  message: Uint8Array;
  /** Called with the recipients for whom the server may accept the message from now on. */
  aboutToSend: (recipients: number[]) => Promise<void>;
  /** Called when the server has answered to the message: no recipient is in doubt any more. */
  answered: () => Promise<void>;
  progress: Progress;
}

/** One connection and one transaction for all open recipients. Results are written to the evidence at once. */
export async function attempt(sending: Sending): Promise<SendAttempt> {
  const { ctx, evidence } = sending;
  const record = begin(ctx, evidence);
  const beganAt = ctx.clock.now();
  const { operations } = ctx.run.recorder;
  const before = operations.length;
  try {
    const broke = await submit(sending, record);
    record.failure = broke?.failure ?? null;
    if (broke !== null && isGreylisting(broke)) sending.progress.greylistedAttempt ??= record.number;
  } finally {
    record.operations = operations.slice(before);
    record.duration_ms = round(ctx.clock.now() - beganAt);
  }
  record.error_type = record.failure === null ? null : errorTypeOf(record.failure);
  return record;
}

function begin(ctx: Ctx, { attempts, recipients }: SendEvidence): SendAttempt {
  const last = attempts.at(-1);
  const began = ctx.clock.utc();
  const record: SendAttempt = {
    number: (last?.number ?? 0) + 1,
    began,
    waited_ms: last === undefined ? 0 : Math.max(0, round(Date.parse(began) - endOf(last))),
    duration_ms: 0,
    recipients: recipients.flatMap((recipient, index) => (isOpen(recipient) ? [index] : [])),
    dialled: [],
    operations: [],
    reply_code: null,
    reply_message: null,
    error_type: null,
    failure: null,
  };
  attempts.push(record);
  return record;
}

/** In milliseconds since 1970: an earlier run may have made the attempt. */
export function endOf({ began, duration_ms: duration }: SendAttempt): number {
  return Date.parse(began) + duration;
}

/** Greylists refuse at RCPT, or at the end of the message. */
function isGreylisting(broke: FailureError): boolean {
  const reply = IN_TRANSACTION.has(broke.failure.phase) ? replyOf(broke) : null;
  return reply !== null && readRefusal(reply, "rcpt").reason === "greylisted";
}

/** Why the message was not accepted for a recipient; null if it was accepted for all that were tried. */
async function submit(sending: Sending, record: SendAttempt): Promise<FailureError | null> {
  let session: SmtpSession;
  try {
    session = await open(sending, record);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    recordReply(record, replyOf(error));
    decideAll(sending.evidence, record, error);
    return error;
  }
  try {
    const result = await transaction(session, envelopeOf(sending, record));
    const failed = conclude(sending, record, result);
    // Before the goodbye, which may take as long as a server likes.
    if (result.message !== null) await sending.answered();
    return failed;
  } finally {
    await leave(session);
  }
}

async function open({ input, ctx, evidence }: Sending, record: SendAttempt): Promise<SmtpSession> {
  const facts = nothingLearned();
  record.dialled = facts.dialled;
  try {
    return await openSubmission(ctx, submissionOf(input), facts);
  } finally {
    const { dialled: _, ...last } = facts;
    Object.assign(evidence, last);
  }
}

function submissionOf(input: Input): SubmissionOptions {
  const { host, port, address_family, source_address, resolver, helo_domain, tls_options: options } = input;
  const timeoutMs = Math.ceil(input.timeout * 1000);
  return {
    host,
    port,
    address_family,
    ...(source_address === undefined ? {} : { source_address }),
    ...(resolver === undefined ? {} : { resolver }),
    ...(helo_domain === undefined ? {} : { helo_domain }),
    connect_timeout_ms: input.connect_timeout_ms ?? timeoutMs,
    command_timeout_ms: input.command_timeout_ms ?? timeoutMs,
    tls: { mode: input.tls, ...options },
    ...loginOf(input),
  };
}

function loginOf({ username, password, password_secret: secret, access_token, auth }: Input): Pick<SubmissionOptions, "auth"> {
  if (username === undefined) return {};
  const either = password ?? (secret === undefined ? undefined : resolved(secret));
  return { auth: { username, ...auth, ...(either === undefined ? {} : { password: either }), ...(access_token === undefined ? {} : { access_token }) } };
}

function envelopeOf({ input, addresses, message, aboutToSend }: Sending, { recipients }: SendAttempt): Envelope {
  const { smtputf8, require_tls: requireTls, dsn } = input;
  return {
    sender: addresses.sender,
    recipients: addresses.recipients.flatMap((mailbox, index) => {
      if (!recipients.includes(index)) return [];
      const { notify, orcpt } = dsn ?? {};
      return [{ ...mailbox, ...(notify === undefined ? {} : { notify }), ...(orcpt === true ? { orcpt: mailbox.path } : {}) }];
    }),
    message,
    beforeMessage: (accepted) => aboutToSend(accepted.map((index) => recipients[index] as number)),
    smtpUtf8: smtputf8,
    requireTls,
    ...(dsn?.ret === undefined ? {} : { ret: dsn.ret }),
    ...(dsn?.envid === undefined ? {} : { envid: dsn.envid }),
  };
}

/** Each recipient gets its outcome; the attempt fails by what may pass before what will not. */
function conclude({ evidence }: Sending, record: SendAttempt, result: Transaction): FailureError | null {
  const decisions = record.recipients.map((recipient, index) => decide(evidence, record, { recipient, index, result }));
  // Retrying a message that may have been accepted could deliver it twice.
  if (result.delivery === "unknown" && result.failure !== null) return new FailureError({ ...result.failure, retryable: false });
  const farewell = decisions.find((each) => each?.failure.reply_code === CLOSING);
  if (result.failure !== null && result.failure.code !== "reply_rejected" && farewell === undefined)
    return new FailureError(result.failure, result.reply === null ? null : failureReply(result.reply));
  recordReply(record, decidingReply(result));
  const failures = decisions.filter((each) => each !== null);
  return failures.find((each) => isTemporary(each.failure)) ?? failures[0] ?? null;
}

function recordReply(record: SendAttempt, reply: Reply | null): void {
  record.reply_code = reply?.code ?? null;
  record.reply_message = reply === null ? null : plainText(reply);
}

/** The reply to the message if it had any recipient, otherwise the first refusal. */
function decidingReply({ mail, recipients, data, message }: Transaction): Reply | null {
  if (message !== null && recipients.some((reply) => reply !== null && replyClass(reply) === 2)) return message;
  return [mail, ...recipients, data].find((reply) => reply !== null && replyClass(reply) > 3) ?? null;
}
