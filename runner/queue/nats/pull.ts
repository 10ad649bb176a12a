import type { Msg } from "@nats-io/transport-node";
import type { NatsClient } from "./client.js";
import { headersIn } from "./stored-fields.js";

/** A message as a consumer delivers it. */
export interface Pulled {
  readonly subject: string;
  readonly headers: Msg["headers"];
  readonly body: string;
  /** The subject for acknowledgements. */
  readonly reply: string;
  /** 1 for the first delivery. */
  readonly delivered: number;
  /** When it was stored, by the server's clock. */
  readonly storedAt: number;
}

/** The server answers at once. A later answer was lost with a connection, and its messages are redelivered. */
const ANSWER_MS = 3000;
const LOOK_MS = 20;

/**
 * Fetches the available messages of a pull consumer without waiting for more. The server gives no answer if messages of the consumer were removed before
 * they were delivered: `isOver` is asked while nothing comes, with the number of those that came.
 */
export function pull(
  { connection, newInbox }: NatsClient,
  stream: string,
  consumer: string,
  max: number,
  isOver: (received: number) => Promise<boolean> = async () => false,
): Promise<Pulled[]> {
  const inbox = newInbox();
  return new Promise((resolve, reject) => {
    const got: Pulled[] = [];
    const end = (): void => {
      clearTimeout(timer);
      clearInterval(looking);
      subscription.unsubscribe();
      resolve(got);
    };
    const timer = setTimeout(end, ANSWER_MS);
    const looking = setInterval(() => {
      isOver(got.length).then((over) => over && end(), reject);
    }, LOOK_MS);
    const subscription = connection.subscribe(inbox, {
      callback(error, message) {
        if (error !== null) return reject(error);
        // A reply without a subject for acknowledgements says that there are no messages, or no more.
        if (message.reply === undefined || message.reply === "") return end();
        got.push(pulledOf(message, message.reply));
        if (got.length >= max) end();
      },
    });
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify({ batch: max, no_wait: true }), { reply: inbox });
  });
}

/** $JS.ACK.[domain.account.]stream.consumer.delivered.stream-sequence.consumer-sequence.nanoseconds.pending[.token] */
function pulledOf(message: Msg, reply: string): Pulled {
  const tokens = reply.split(".");
  const first = tokens.length >= 11 ? 6 : 4;
  return {
    subject: message.subject,
    headers: headersIn(() => message.headers),
    body: message.string(),
    reply,
    delivered: Number(tokens[first]),
    storedAt: Number(tokens[first + 3]) / 1e6,
  };
}
