import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from "node:tls";
import { clientCertificateProblem } from "../../../schemas/certificates.js";
import type { Certificate, TlsFacts } from "../../../schemas/tls.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { startTimeout } from "../../run/timeout.js";
import { RequestError } from "../../support/request-error.js";
import { describeCertificate, judgeCertificates } from "./certificate.js";
import { codeOf, wordsOf } from "./classify-error.js";
import type { Connection } from "./connection.js";
import { peerChain } from "./peer-chain.js";
import { CLOSED_IN_HANDSHAKE, type SecureOptions } from "./secure-options.js";
import { keepSessions } from "./tls-session.js";
import { certificatePath } from "./verified-path.js";

// The verdict is ours: a certificate that is not trusted must still be read and reported.
const acceptAnyIdentity = (): undefined => undefined;
const ignore = (): void => undefined;

/** The TLS handshake on an open connection; an untrusted certificate does not end it. */
export function handshake(state: WireRun, connection: Connection, name: string, options: SecureOptions, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: connection.socket,
      secureContext: contextFor(options),
      rejectUnauthorized: false,
      checkServerIdentity: acceptAnyIdentity,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
      ...(options.session === undefined ? {} : { session: options.session }),
    });
    if (options.keepsSession === true) keepSessions(connection, socket);
    const stopWaiting = startTimeout(timeoutMs, () => finish(failureError("tls", "timeout", `no TLS handshake within ${timeoutMs} ms`)));
    const forget = state.deadline.onEnd((reason) => finish(failureError("tls", reason, ENDED[reason])));
    const take = (bytes: Buffer): void => {
      if (!connection.take(bytes.toString("latin1"))) socket.pause();
    };
    const finish = (error: FailureError | null): void => {
      stopWaiting();
      forget();
      if (error === null) resolve(socket);
      else reject(error);
    };
    socket.on("secureConnect", () => {
      // node:http2 reads from the socket itself.
      if (socket.alpnProtocol !== "h2") socket.on("data", take);
      finish(null);
    });
    // A peer that ends without close_notify, or in the middle of a record, ends: what it said before counts.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      finish(handshakeFailure(error));
      connection.takeEnd(error);
    });
    socket.on("end", () => connection.takeEnd(null));
    socket.on("close", () => {
      finish(failureError("tls", "closed", CLOSED_IN_HANDSHAKE));
      connection.takeEnd(null);
      // V8 frees Node's TLS objects in a major collection only. Until then they must not hold the whole run.
      socket.removeAllListeners().on("error", ignore);
    });
  });
}

function handshakeFailure(error: NodeJS.ErrnoException): FailureError {
  // Node calls a peer that merely closed a reset; a real one comes from a system call.
  if (error.code === "ECONNRESET" && error.syscall === undefined) return failureError("tls", "closed", CLOSED_IN_HANDSHAKE);
  const known = codeOf(error);
  return failureError("tls", known === "unknown" ? "tls_protocol" : known, wordsOf(error));
}

/** What the session turned out to be, whatever its certificate is worth. */
export function factsOf(socket: TLSSocket, name: string, ca?: string): TlsFacts {
  const now = Date.now();
  const chain = peerChain(socket);
  const verdict = socket.authorized ? null : String(socket.authorizationError ?? "UNKNOWN");
  const path = certificatePath(chain, ca);
  const { problems, reasons } = judgeCertificates(path, verdict, name, now);
  const describe = (certificate: X509Certificate): Certificate => describeCertificate(certificate, now);
  const certificates = chain.sent.map(describe);
  return {
    version: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().standardName ?? socket.getCipher().name,
    alpn: socket.alpnProtocol || null,
    servername: isIP(name) === 0 ? name : null,
    authorised: problems.length === 0,
    problems,
    invalid_reasons: reasons,
    problem_detail: verdict,
    certificate: certificates[0] ?? null,
    chain: certificates,
    verified_chain: socket.authorized ? path.map(describe) : [],
  };
}

const contexts = new Map<string, SecureContext>();
const MAX_CONTEXTS = 64;

/** Making a context parses every root certificate: some milliseconds that the next run of the same kind need not pay. */
function contextFor(options: SecureOptions): SecureContext {
  const key = `${options.min_version} ${options.maxVersion ?? ""} ${options.reducedHello === true} ${options.ca ?? ""}`;
  const known = contexts.get(key);
  if (known !== undefined && options.client === undefined) return known;
  const context = createSecureContext({
    ...(options.client === undefined ? {} : clientParts(options.client)),
    minVersion: options.min_version,
    ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
    // OpenSSL's default security level refuses TLS 1.0 and 1.1; who asks for them by name means it.
    ...(options.min_version < "TLSv1.2" ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    ...(options.reducedHello === true
      ? { maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:AES128-SHA", ecdhCurve: "prime256v1" }
      : {}),
    ...(options.ca === undefined ? {} : { ca: [options.ca, ...rootCertificates] }),
  });
  // A private key is not kept longer than its run.
  if (options.client !== undefined) return context;
  if (contexts.size >= MAX_CONTEXTS) contexts.delete(contexts.keys().next().value as string);
  contexts.set(key, context);
  return context;
}

/** Their text may come from a file, which is read only for the run: what is wrong with them is the request's fault. */
function clientParts({ certificate, key }: NonNullable<SecureOptions["client"]>): { cert: string; key: string } {
  const problem = clientCertificateProblem(certificate, key);
  if (problem === null) return { cert: certificate, key };
  const { field, words } = problem;
  throw new RequestError("the client certificate cannot be used", "invalid_input", [{ pointer: `/tls/${field}`, message: words, hint: null }]);
}
