import type { Connection, ConnectionReader } from "../transport/connection.js";
import { clientHello, type Offer } from "./client-hello.js";
import { ALERTS } from "./parameters.js";
import { HelloError, type ServerAnswer, ServerAnswerReader, type ServerHello } from "./server-answer.js";

/** What a server did with one ClientHello. */
export type HelloReply =
  | { readonly kind: "hello"; readonly hello: ServerHello; readonly answer: ServerAnswer }
  | { readonly kind: "alert"; readonly alert: string }
  /** No alert and no hello: the connection ended, stayed silent, or carried something else. */
  | { readonly kind: "dropped"; readonly why: string };

/** Sends a ClientHello on an open connection, reads what is said in the clear to it, and closes the connection. */
export function askHello(connection: Connection, offer: Offer, timeoutMs: number): Promise<HelloReply> {
  return new Promise((resolve) => {
    const reader = new ServerAnswerReader();
    const finish = (reply: HelloReply): void => {
      connection.waitNoMore();
      connection.close();
      resolve(reply);
    };
    const listener: ConnectionReader = {
      received(text) {
        try {
          if (reader.read(Buffer.from(text, "latin1"))) finish(replyOf(reader.answer));
        } catch (error) {
          if (!(error instanceof HelloError)) throw error;
          finish({ kind: "dropped", why: error.message });
        }
      },
      broken: ({ message }) => finish(reader.answer.hello === null ? { kind: "dropped", why: message } : replyOf(reader.answer)),
    };
    connection.readBy(listener);
    connection.waitAtMost(timeoutMs);
    connection.write(clientHello(offer));
  });
}

function replyOf(answer: ServerAnswer): HelloReply {
  if (answer.hello !== null) return { kind: "hello", hello: answer.hello, answer };
  const code = answer.alert?.code ?? -1;
  return { kind: "alert", alert: ALERTS[code] ?? `alert ${code}` };
}
