import type { Server } from "node:http";
import { Server as TlsServer } from "node:https";
import type { Socket } from "node:net";

/** How long a client may take to send a request, or to read a part of the answer. */
const SLOW_MS = 10_000;
const CHECK_MS = 1000;
/** More requests on one connection are refused, so that pipelined ones do not occupy the process. */
const MAX_REQUESTS = 100;

/**
 * Bounds what clients of a listener can take: a client that opens connections and sends nothing must not use up the descriptors that probes need. At
 * the limit, a new connection replaces the oldest one without a request, so that others are still answered.
 */
export function boundConnections(server: Server | TlsServer, most: number): void {
  const all = new Set<Socket>();
  const idle = new Set<Socket>();
  server.maxRequestsPerSocket = MAX_REQUESTS;
  server.headersTimeout = SLOW_MS;
  server.requestTimeout = SLOW_MS;
  const isEncrypted = server instanceof TlsServer;
  // Of a TLS server those whose handshake has ended are counted, and the others are bounded by this.
  if (isEncrypted) server.maxConnections = 2 * most;
  server.on(isEncrypted ? "secureConnection" : "connection", (socket: Socket) => {
    if (all.size >= most) (firstOf(idle) ?? socket).destroy();
    if (socket.destroyed) return;
    all.add(socket);
    idle.add(socket);
    socket.once("close", () => {
      all.delete(socket);
      idle.delete(socket);
    });
  });
  server.on("request", ({ socket }, response) => {
    idle.delete(socket);
    // While the answer is computed nothing is sent; from then on a client that does not read it is cut off.
    let timer: NodeJS.Timeout | undefined;
    response.once("prefinish", () => {
      timer = setTimeout(() => socket.destroy(), SLOW_MS);
    });
    response.once("close", () => {
      clearTimeout(timer);
      if (!socket.destroyed) idle.add(socket);
    });
  });
}

/** How often Node looks for connections that are slow to send a request. */
export const CONNECTION_CHECKS = { connectionsCheckingInterval: CHECK_MS } as const;
export const HANDSHAKE_TIMEOUT = { handshakeTimeout: SLOW_MS } as const;

function firstOf(sockets: ReadonlySet<Socket>): Socket | undefined {
  for (const socket of sockets) {
    if (!socket.destroyed) return socket;
  }
  return undefined;
}
