import { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { rootCertificates, type TLSSocket } from "node:tls";
import { wordsOf } from "../transport/classify-error.js";

/** A GET over HTTPS from one address of a host, without redirects. */
export interface GetFromAddress {
  /** The host's name, for SNI, the certificate and the Host field. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly path: string;
  /** The media type to accept. */
  readonly accept: string;
  /** PEM, beside the system's. */
  readonly ca: string | undefined;
  isForName(certificate: X509Certificate): boolean;
  /** Until TLS is there. */
  readonly connectTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
}

export type GetResult =
  | { readonly kind: "response"; readonly status: number; readonly contentType: string; readonly body: string }
  /** The response broke off, or is too long. */
  | { readonly kind: "incomplete"; readonly message: string }
  | { readonly kind: "unreachable" | "not_trusted"; readonly message: string };

export function getFromAddress(options: GetFromAddress): Promise<GetResult> {
  const { address, connectTimeoutMs, signal } = options;
  return new Promise((resolve) => {
    const asked = request({ ...requestOptions(options), host: address, signal });
    const slow = setTimeout(() => asked.destroy(new Error(`no TLS within ${connectTimeoutMs} ms`)), connectTimeoutMs);
    const finish = (got: GetResult): void => {
      clearTimeout(slow);
      resolve(got);
      asked.destroy();
    };
    asked.on("socket", (socket) => socket.on("secureConnect", () => clearTimeout(slow)));
    asked.on("error", (error: NodeJS.ErrnoException) => finish(failureOf(error, asked.socket as TLSSocket | null)));
    asked.on("response", (response) => readBody(response, options.maxBodyBytes).then(finish));
    asked.end();
  });
}

function requestOptions({ name, port, path, accept, ca, isForName }: GetFromAddress): RequestOptions {
  return {
    port,
    path,
    servername: name,
    headers: { host: name, accept, "user-agent": "probe-run" },
    agent: false,
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca: [ca, ...rootCertificates] }),
    checkServerIdentity: (_name, { raw }) => (isForName(new X509Certificate(raw)) ? undefined : new Error(`the certificate is not for ${name}`)),
  };
}

function readBody(response: IncomingMessage, maxBytes: number): Promise<GetResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) resolve({ kind: "incomplete", message: `is longer than ${maxBytes} bytes` });
      else chunks.push(chunk);
    });
    response.on("error", (error) => resolve({ kind: "incomplete", message: `broke off: ${error.message}` }));
    response.on("end", () =>
      resolve({
        kind: "response",
        status: response.statusCode ?? 0,
        contentType: response.headers["content-type"] ?? "",
        body: Buffer.concat(chunks).toString("utf8"),
      }),
    );
  });
}

/** Node reports here what is wrong with the certificate, and null if nothing is. */
function failureOf(error: NodeJS.ErrnoException, socket: TLSSocket | null): GetResult {
  return { kind: socket?.authorizationError ? "not_trusted" : "unreachable", message: wordsOf(error) };
}
