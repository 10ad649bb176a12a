import { createSocket } from "node:dgram";
import { MAX_FOREIGN } from "./limits.js";
import { type Query, type Reply, readReply } from "./message.js";
import type { ServerAddress } from "./server-address.js";

/** What one message to one server came to. */
export type Outcome = Reply | { readonly broken: "unreachable" | "unreadable"; readonly message: string };

/** Ends an exchange that nobody waits for any more. */
export type Cancel = () => void;

/**
 * Sends a query in a datagram and waits for its reply, until it is cancelled. Each query has a socket, and so a port, of its
 * own: whoever wants to slip in a reply must guess the port as well as the id (RFC 5452, section 9.2). The socket is
 * connected, so that the system passes on nothing from other hosts or ports, and tells at once when nobody listens there.
 */
export function askByUdp(server: ServerAddress, query: Query, done: (outcome: Outcome) => void): Cancel {
  const socket = createSocket({ type: server.family === 4 ? "udp4" : "udp6", lookup: asItIs });
  let isOpen = true;
  let isWanted = true;
  let foreign = 0;
  const close = (): void => {
    if (isOpen) socket.close();
    isOpen = false;
  };
  const finish = (outcome: Outcome): void => {
    if (!isOpen) return;
    close();
    // Some errors come while we are still on the way to the caller, who does not hold the way to cancel yet.
    queueMicrotask(() => {
      if (isWanted) done(outcome);
    });
  };
  const failed = (error: Error | null): void => {
    if (error !== null) finish({ broken: "unreachable", message: error.message });
  };
  socket.on("message", (message) => {
    const reply = readReply(message, query);
    if (reply === "unreadable") finish({ broken: "unreadable", message: "a reply that cannot be read" });
    else if (reply !== "foreign") finish(reply);
    else if (++foreign === MAX_FOREIGN) finish({ broken: "unreadable", message: "many datagrams that are no reply" });
  });
  socket.on("error", failed);
  socket.connect(server.port, server.address, () => {
    if (isOpen) socket.send(query.bytes, failed);
  });
  return () => {
    isWanted = false;
    close();
  };
}

/** Servers are given by their addresses: there is nothing to look up. */
function asItIs(address: string, _options: unknown, callback: (error: null, address: string, family: number) => void): void {
  callback(null, address, address.includes(":") ? 6 : 4);
}
