import { isIP } from "node:net";
import { type ConnectionOptions, connect, createSecureContext, rootCertificates, type TLSSocket } from "node:tls";
import { startTimeout } from "../../run/timeout.js";
import type { Connection } from "./connection.js";

export interface FullHandshakeOptions {
  readonly servername: string | null;
  readonly alpn?: readonly string[];
  /** The signature schemes to offer, as OpenSSL names them: the server picks its certificate by them. */
  readonly sigalgs?: string;
  /** A session of an earlier handshake, to be resumed. */
  readonly session?: Buffer;
  /** Certificates (PEM) to trust beside the system's. */
  readonly ca?: string;
}

export interface FullHandshake {
  readonly socket: TLSSocket;
  /** An OCSPResponse in DER (RFC 6960), when the server stapled one. */
  readonly ocspResponse: Buffer | null;
  /** Null when the server gave none in time: TLS 1.3 sends its tickets after the handshake. */
  readonly session: Buffer | null;
  readonly isResumed: boolean;
}

/** How long a TLS 1.3 server may take for its first ticket, which it sends together with the end of its handshake. */
const TICKET_WAIT_MS = 300;

/**
 * A whole handshake for its facts: any version and any suite that this OpenSSL still has, an OCSP response asked for, the session kept.
 * The caller closes the connection. What breaks the handshake rejects with Node's own error.
 */
export function fullHandshake(connection: Connection, options: FullHandshakeOptions, timeoutMs: number): Promise<FullHandshake> {
  return new Promise((resolve, reject) => {
    let ocspResponse: Buffer | null = null;
    let session: Buffer | null = null;
    let stopWaiting: () => void;
    const { servername } = options;
    // Node takes requestOCSP; its types have forgotten it.
    const connecting: ConnectionOptions & { requestOCSP: boolean } = {
      socket: connection.socket,
      secureContext: createSecureContext({
        minVersion: "TLSv1",
        // Old suites and small keys are facts to report here, and no reason to refuse.
        ciphers: "ALL:@SECLEVEL=0",
        ...(options.sigalgs === undefined ? {} : { sigalgs: options.sigalgs }),
        ...(options.ca === undefined ? {} : { ca: [options.ca, ...rootCertificates] }),
      }),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      requestOCSP: true,
      ALPNProtocols: [...(options.alpn ?? [])],
      ...(servername !== null && isIP(servername) === 0 ? { servername } : {}),
      ...(options.session === undefined ? {} : { session: options.session }),
    };
    const socket = connect(connecting);
    const finish = (error: Error | null): void => {
      stopWaiting();
      if (error !== null) {
        socket.destroy();
        reject(error);
      } else resolve({ socket, ocspResponse, session, isResumed: socket.isSessionReused() });
    };
    stopWaiting = startTimeout(timeoutMs, () => finish(new Error(`no TLS handshake within ${timeoutMs} ms`)));
    socket.on("OCSPResponse", (response: Buffer | null) => {
      ocspResponse = response === null || response.length === 0 ? null : response;
    });
    socket.on("session", (given: Buffer) => {
      session = given;
      if (socket.authorizationError !== undefined || socket.getProtocol() !== null) finish(null);
    });
    socket.on("secureConnect", () => {
      stopWaiting();
      if (socket.getProtocol() !== "TLSv1.3") {
        session = socket.getSession() ?? null;
        return finish(null);
      }
      stopWaiting = startTimeout(TICKET_WAIT_MS, () => finish(null));
    });
    socket.on("error", finish);
    socket.on("close", () => finish(new Error("the peer closed the connection during the TLS handshake")));
  });
}
