import type { TLSSocket } from "node:tls";
import { processWide } from "../../support/process-wide.js";
import type { Connection } from "./connection.js";

/** The newest session of each connection whose handshake was asked to keep it. */
const sessions = processWide("tls-sessions", () => new WeakMap<Connection, Buffer>());

/** TLS 1.3 gives its sessions after the handshake, and may give more than one. */
export function keepSessions(connection: Connection, socket: TLSSocket): void {
  socket.on("session", (session: Buffer) => sessions.set(connection, session));
}

/** What another connection to the same server may resume. Undefined while the server gave nothing. */
export function sessionOf(connection: Connection): Buffer | undefined {
  return sessions.get(connection);
}

/** The connection's TLS session continues an earlier one. */
export function isResumed({ tls, socket }: Connection): boolean {
  return tls !== null && (socket as TLSSocket).isSessionReused();
}
