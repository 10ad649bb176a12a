import type { Failure } from "../../../schemas/failure.js";
import { FailureError, fail } from "../../run/failure-error.js";
import { MessageBody, portions } from "./message-body.js";
import type { SmtpSession, TimedReply } from "./session.js";

/** A message's bytes: whole, or as they come. */
export type MessageSource = Uint8Array | AsyncIterable<Uint8Array>;

/** What became of a message after 354. */
export interface BodyOutcome {
  /** The server's answer to it; null when the connection was lost before. */
  reply: TimedReply | null;
  /** The last dot was handed to the system: without a reply nobody knows whether the server has taken the message. */
  ended: boolean;
  failure: Failure | null;
}

/** Sends a message and its last dot, no faster than the server reads. The operation runs from the first byte to the server's answer. */
export async function sendBody(session: SmtpSession, source: MessageSource): Promise<BodyOutcome> {
  const answer = new Answer(session.owed("message", "data"));
  let ended = false;
  try {
    ended = await sendAll(session, source, answer);
  } catch (error) {
    // Half a message must not become a whole one, nor must what follows be read as a part of it.
    session.close();
    throw error;
  }
  await answer.settled;
  if (answer.reply === null || ended) return { reply: answer.reply, ended, failure: answer.failure };
  // A server that answers before the last dot has stopped reading for itself: where its next command would begin is unclear.
  session.close();
  if (answer.reply.code >= 400) return { reply: answer.reply, ended, failure: null };
  return { reply: answer.reply, ended, failure: fail("data", "protocol_violation", "the server accepted the message before its end").failure };
}

/** A DATA for which no recipient is left is ended with nothing in it (RFC 2920, section 3.1). */
export async function sendNothing(session: SmtpSession): Promise<BodyOutcome> {
  return sendBody(session, new Uint8Array(0));
}

/** True when the last dot went out as well. */
async function sendAll(session: SmtpSession, source: MessageSource, answer: Answer): Promise<boolean> {
  const body = new MessageBody();
  let unsent: Uint8Array = new Uint8Array(0);
  // The answer is owed, but not yet due.
  session.connection.waitNoMore();
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    for (const portion of portions(chunk)) {
      if (unsent.length > 0) await write(session, unsent, answer);
      if (answer.isThere) return false;
      unsent = body.encode(portion);
    }
  }
  if (answer.isThere || session.connection.broken !== null) return false;
  // The dot goes with the last portion: a short message is one write.
  await write(session, Buffer.concat([unsent, Buffer.from(body.end())]), answer);
  if (!answer.isThere && session.connection.broken === null) session.connection.waitAtMost(session.options.command_timeout_ms);
  return true;
}

/** The time-out is for a server that stands still: not for a message that takes long, nor for a source that does. */
async function write(session: SmtpSession, bytes: Uint8Array, answer: Answer): Promise<void> {
  const { connection, options, context } = session;
  const { recorder } = context.tcp.state;
  if (connection.broken !== null) return;
  if (recorder.trace !== null) recorder.note("sent", Buffer.from(bytes).toString("utf8"));
  connection.waitAtMost(options.command_timeout_ms);
  // A server that has answered before the end may never read the rest.
  if (!connection.write(bytes)) await Promise.race([connection.drained(), answer.settled]);
  connection.waitNoMore();
}

/** The reply that is owed, looked at while the message is still being sent. */
class Answer {
  reply: TimedReply | null = null;
  failure: Failure | null = null;
  readonly settled: Promise<void>;

  constructor(owed: Promise<TimedReply>) {
    this.settled = owed.then(
      (reply) => {
        this.reply = reply;
      },
      (error: unknown) => {
        if (!(error instanceof FailureError)) throw error;
        this.failure = error.failure;
      },
    );
  }

  get isThere(): boolean {
    return this.reply !== null || this.failure !== null;
  }
}
