import { has } from "./capabilities.js";
import type { SmtpSession } from "./session.js";
import { type Envelope, type Transaction, transaction } from "./transaction.js";

/** One transaction that has begun; `following` as soon as the one behind it has begun as well. */
interface Begun {
  readonly envelope: Envelope;
  readonly finished: Promise<Transaction>;
  following: Begun | null;
}

/**
 * Sends one message after the other over a session, until `next` gives null or the session has ended. Where the server offers PIPELINING
 * the commands of the next one go out right behind the dot of the one before (RFC 2920, section 3.1): a message costs one round trip.
 * `done` is told of each, in order. One that had begun when the session broke is not_sent, and may be sent over another.
 */
export async function transactions(session: SmtpSession, next: () => Envelope | null, done: (envelope: Envelope, result: Transaction) => void): Promise<void> {
  const begin = (): Begun | null => {
    const envelope = next();
    if (envelope === null) return null;
    const afterMessage = (): void => {
      if (has(session.capabilities, "PIPELINING")) begun.following = begin();
    };
    const begun: Begun = { envelope, finished: transaction(session, { ...envelope, afterMessage }), following: null };
    return begun;
  };
  let begun = begin();
  while (begun !== null) {
    done(begun.envelope, await begun.finished);
    const isOver = session.connection.broken !== null || session.farewell !== null;
    begun = begun.following ?? (isOver ? null : begin());
  }
}
