import { FailureError, failureError } from "../../run/failure-error.js";
import { MessageBody, portions } from "./message-body.js";
import type { SmtpSession, TimedReply } from "./session.js";

/** A message's bytes: whole, or as they come. */
export type MessageSource = Uint8Array | AsyncIterable<Uint8Array>;

/** The result of sending a message after 354. */
export interface BodyOutcome {
  /** The server's reply; null when the connection was lost before. */
  reply: TimedReply | null;
  /** The system had taken the whole message, final dot included, before the reply or the break: the server may have accepted it. */
  ended: boolean;
  failure: FailureError | null;
}

/** Sends a message and its final dot, no faster than the server reads. The operation runs from the first byte to the server's reply. */
export async function sendBody(session: SmtpSession, source: MessageSource): Promise<BodyOutcome> {
  const reply = new PendingReply(session.owed("message", "data"));
  try {
    await sendAll(session, source, reply);
  } catch (error) {
    // Half a message must not become a whole one, nor must what follows be read as a part of it.
    session.close();
    throw error;
  }
  await reply.settled;
  return outcomeOf(session, reply);
}

/** A DATA for which no recipient is left is ended with nothing in it (RFC 2920, section 3.1). */
export async function sendNothing(session: SmtpSession): Promise<BodyOutcome> {
  return sendBody(session, new Uint8Array(0));
}

function outcomeOf(session: SmtpSession, { reply, failure, isAfterEnd: ended }: PendingReply): BodyOutcome {
  if (reply === null || ended) return { reply, ended, failure };
  // A reply before the final dot is not the reply to it, and the position of the next command would be unclear.
  session.close();
  if (reply.code >= 400) return { reply, ended, failure: null };
  return { reply, ended, failure: failureError("data", "protocol_violation", "the server accepted the message before its end") };
}

async function sendAll(session: SmtpSession, source: MessageSource, reply: PendingReply): Promise<void> {
  const { connection, options } = session;
  const body = new MessageBody();
  let unsent: Uint8Array = new Uint8Array(0);
  // The reply is owed, but not yet due.
  connection.waitNoMore();
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    for (const portion of portions(chunk)) {
      if (unsent.length > 0) await write(session, unsent, reply);
      if (reply.isThere || !connection.isWritable) return;
      unsent = body.encode(portion);
    }
  }
  if (reply.isThere || !connection.isWritable) return;
  // The dot goes with the last portion: a short message is one write.
  await write(session, Buffer.concat([unsent, Buffer.from(body.end())]), reply, () => reply.messageHandedOver());
  if (!reply.isThere && connection.isWritable) connection.waitAtMost(options.command_timeout_ms);
}

/** The timeout is for a server that makes no progress, not for a message or a source that takes long. */
async function write(session: SmtpSession, bytes: Uint8Array, reply: PendingReply, handedOver?: () => void): Promise<void> {
  const { connection, options } = session;
  const { recorder } = connection.run;
  if (!connection.isWritable) return;
  if (recorder.trace !== null) recorder.note("sent", Buffer.from(bytes).toString("utf8"));
  connection.waitAtMost(options.command_timeout_ms);
  // A server that has replied before the end may never read the rest.
  if (!connection.write(bytes, handedOver)) await Promise.race([connection.drained(), reply.settled]);
  connection.waitNoMore();
}

/** The reply that is owed, watched while the message is still being sent. */
class PendingReply {
  reply: TimedReply | null = null;
  failure: FailureError | null = null;
  /** The system had taken the whole message before the reply, or the break, was seen. */
  isAfterEnd = false;
  readonly settled: Promise<void>;
  #isHandedOver = false;

  constructor(owed: Promise<TimedReply>) {
    this.settled = owed.then(
      (reply) => {
        this.reply = reply;
        this.isAfterEnd = this.#isHandedOver;
      },
      (error: unknown) => {
        if (!(error instanceof FailureError)) throw error;
        this.failure = error;
        this.isAfterEnd = this.#isHandedOver;
      },
    );
  }

  get isThere(): boolean {
    return this.reply !== null || this.failure !== null;
  }

  messageHandedOver(): void {
    this.#isHandedOver = true;
  }
}
