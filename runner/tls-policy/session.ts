import { TLSSocket } from "node:tls";
import { peerChain } from "../net/transport/certificate.js";
import type { Connection } from "../net/transport/connection.js";
import type { TlsSession } from "./policy.js";

/** What was met at a host to which a connection is open: TLS, once it is secured. */
export function tlsSessionOf({ tls, socket }: Connection): TlsSession {
  return tls === null || !(socket instanceof TLSSocket) ? { kind: "not_offered" } : { kind: "secured", facts: tls, chain: peerChain(socket) };
}
