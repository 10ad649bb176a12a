import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { processWide } from "../../support/process-wide.js";
import type { Connection } from "./connection.js";

/** A peer's certificates: as it sent them, and what the TLS library could link them to. */
export interface PeerChain {
  /** In the order of the handshake, the peer's own first, including certificates that do not belong there or were sent twice. */
  readonly sent: readonly X509Certificate[];
  /** A certificate of this machine's that issued the last one of the library's path. Null when it knows none. */
  readonly localIssuer: Buffer | null;
}

/** A chain of more is not read to its end. */
const MAX_CERTIFICATES = 32;

const chains = processWide("peer-chains", () => new WeakMap<TLSSocket, PeerChain>());

export function peerChain(socket: TLSSocket): PeerChain {
  const known = chains.get(socket);
  if (known !== undefined) return known;
  // First: getPeerX509Certificate() takes the certificates out of the session, and nothing else finds them there afterwards.
  const linked = linkedChain(socket);
  const sent: X509Certificate[] = [];
  // In spite of its name, this is the next certificate as sent, whichever issued the one before it.
  for (let next = socket.getPeerX509Certificate(); next !== undefined && sent.length < MAX_CERTIFICATES; next = next.issuerCertificate) sent.push(next);
  const last = linked.at(-1);
  const localIssuer = last === undefined || sent.some(({ raw }) => raw.equals(last)) ? null : last;
  const chain = { sent, localIssuer };
  chains.set(socket, chain);
  return chain;
}

/** The certificates that a connection's peer sent; none if the connection is in the clear. */
export function peerChainOf({ tls, socket }: Connection): readonly X509Certificate[] {
  return tls === null ? [] : peerChain(socket as TLSSocket).sent;
}

/** Node links each certificate to its issuer, among those that were sent and, at the end, among those that it trusts. */
function linkedChain(socket: TLSSocket): Buffer[] {
  const linked: Buffer[] = [];
  for (let link = socket.getPeerCertificate(true); link?.raw !== undefined && linked.length < MAX_CERTIFICATES; link = link.issuerCertificate) {
    if (linked.some((raw) => raw.equals(link.raw))) break;
    linked.push(link.raw);
  }
  return linked;
}
