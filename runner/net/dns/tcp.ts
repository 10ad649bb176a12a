import { connect } from "node:net";
import { type Query, readReply } from "./message.js";
import type { ServerAddress } from "./server-address.js";
import { framed } from "./tcp-framing.js";
import type { Broken, Cancel, Outcome, ReadReply } from "./udp.js";

/** Sends a query over a connection of its own and waits for its reply, until it is cancelled (RFC 7766). */
export function askByTcp(server: ServerAddress, query: Query, done: (outcome: Outcome) => void): Cancel {
  return exchangeByTcp(server, query.bytes, (message) => readReply(message, query), done);
}

/** The same for any bytes and any parser of the reply. */
export function exchangeByTcp<Reply extends object>(
  server: ServerAddress,
  query: Buffer,
  read: ReadReply<Reply>,
  done: (outcome: Reply | Broken) => void,
): Cancel {
  const socket = connect({ host: server.address, port: server.port, noDelay: true });
  let received = Buffer.alloc(0);
  let isOpen = true;
  const finish = (outcome: Reply | Broken): void => {
    if (!isOpen) return;
    isOpen = false;
    socket.destroy();
    done(outcome);
  };
  socket.on("connect", () => socket.write(framed(query)));
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    // A length in front of each message (RFC 1035, section 4.2.2) bounds what is kept: 64 KiB.
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const reply = read(received.subarray(2, 2 + received.readUInt16BE(0)));
    // Only the server writes into a connection: a reply that does not match the query is its mistake.
    finish(typeof reply === "string" ? { broken: "unreadable", message: "a reply over TCP that cannot be parsed" } : reply);
  });
  socket.on("error", (error) => finish({ broken: "unreachable", message: error.message }));
  socket.on("close", () => finish({ broken: "unreachable", message: "the name server closed the connection without a reply" }));
  return () => {
    isOpen = false;
    socket.destroy();
  };
}
