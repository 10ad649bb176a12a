import type { Msg } from "@nats-io/transport-node";
import type { NatsClient } from "./client.js";

/** A message as a consumer hands it out. */
export interface Pulled {
  readonly subject: string;
  readonly headers: Msg["headers"];
  readonly body: string;
  /** Where acknowledgements go. */
  readonly reply: string;
  /** 1 for the first time. */
  readonly delivered: number;
  /** When it was stored, on the server's clock. */
  readonly storedAt: number;
}

/** The server answers at once; what takes longer was lost with a connection, and comes again. */
const ANSWER_MS = 3000;

/** Takes what is there from a pull consumer, without waiting for more. */
export function pull({ connection, newInbox }: NatsClient, stream: string, consumer: string, most: number): Promise<Pulled[]> {
  const inbox = newInbox();
  return new Promise((resolve, reject) => {
    const got: Pulled[] = [];
    const end = (): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      resolve(got);
    };
    const timer = setTimeout(end, ANSWER_MS);
    const subscription = connection.subscribe(inbox, {
      callback(error, message) {
        if (error !== null) return reject(error);
        // Whatever is no message says that there are none, or no more.
        if (message.reply === undefined || message.reply === "") return end();
        got.push(pulledOf(message, message.reply));
        if (got.length >= most) end();
      },
    });
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify({ batch: most, no_wait: true }), { reply: inbox });
  });
}

/** $JS.ACK.[domain.account.]stream.consumer.delivered.stream-sequence.consumer-sequence.nanoseconds.pending[.token] */
function pulledOf(message: Msg, reply: string): Pulled {
  const tokens = reply.split(".");
  const first = tokens.length >= 11 ? 6 : 4;
  return {
    subject: message.subject,
    headers: message.headers,
    body: message.string(),
    reply,
    delivered: Number(tokens[first]),
    storedAt: Number(tokens[first + 3]) / 1e6,
  };
}
