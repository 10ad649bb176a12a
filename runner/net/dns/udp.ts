import { MAX_FOREIGN } from "./limits.js";
import { type Query, type Reply, readReply } from "./message.js";
import type { ServerAddress } from "./server-address.js";
import { UdpSocket } from "./udp-socket.js";

/** The result of one message to one server. */
export type Outcome = Reply | Broken;

/** Ends an exchange that no caller waits for any more. */
export type Cancel = () => void;

/** What a reader returns for a message: the reply, or null to continue waiting. */
export type ReadReply<Reply> = (message: Buffer) => Reply | "foreign" | "unreadable";

/** Why an exchange gave no reply. */
export interface Broken {
  readonly broken: "unreachable" | "unreadable";
  readonly message: string;
}

/** Sends a query in a datagram and waits for its reply, until it is cancelled. */
export function askByUdp(server: ServerAddress, query: Query, done: (outcome: Outcome) => void): Cancel {
  return exchangeByUdp(server, query.bytes, (message) => readReply(message, query), done);
}

/** The same for any bytes and any parser of the reply. */
export function exchangeByUdp<Reply extends object>(
  server: ServerAddress,
  query: Buffer,
  read: ReadReply<Reply>,
  done: (outcome: Reply | Broken) => void,
): Cancel {
  let isWanted = true;
  let foreign = 0;
  const finish = (outcome: Reply | Broken, isAnswered: boolean): void => {
    if (!isWanted) return;
    isWanted = false;
    socket.release(isAnswered);
    done(outcome);
  };
  const failed = (error: Error | null): void => {
    if (error !== null) finish({ broken: "unreachable", message: error.message }, false);
  };
  const socket = UdpSocket.take(server, {
    ready: (connected) => connected.send(query, failed),
    received(message) {
      const reply = read(message);
      if (reply === "unreadable") finish({ broken: "unreadable", message: "a reply that cannot be parsed" }, false);
      else if (reply !== "foreign") finish(reply, true);
      else if (++foreign === MAX_FOREIGN) finish({ broken: "unreadable", message: "too many datagrams that are not a reply" }, false);
    },
    failed,
  });
  return () => {
    isWanted = false;
    socket.release(false);
  };
}
