import { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { rootCertificates, type TLSSocket } from "node:tls";
import { wordsOf } from "../../net/transport/classify-error.js";
import { isForOneOf } from "../names.js";
import type { Breach } from "../violation.js";
import { CONNECT_TIMEOUT_MS, MAX_POLICY_BYTES } from "./limits.js";

export interface PolicyHost {
  /** mta-sts.example.org */
  readonly name: string;
  readonly port: number;
  /** PEM, beside the system's. */
  readonly ca: string | undefined;
}

/** What one address came to. Another may be tried after one that could not be reached. */
export type Fetched = { readonly kind: "text"; readonly text: string } | { readonly kind: "failed" | "unreachable"; readonly breach: Breach };

/**
 * Fetches the policy file from one address of its host (RFC 8461, section 3.3): over HTTPS with a certificate for the host's name,
 * without following redirects, plain text only, no more than 64 KiB.
 */
export function fetchPolicyFile(host: PolicyHost, address: string, signal: AbortSignal): Promise<Fetched> {
  return new Promise((resolve) => {
    const asked = request({ ...requestOptions(host), host: address, signal });
    const slow = setTimeout(() => asked.destroy(new Error(`no TLS within ${CONNECT_TIMEOUT_MS} ms`)), CONNECT_TIMEOUT_MS);
    const finish = (fetched: Fetched): void => {
      clearTimeout(slow);
      resolve(fetched);
      asked.destroy();
    };
    asked.on("socket", (socket) => socket.on("secureConnect", () => clearTimeout(slow)));
    asked.on("error", (error: NodeJS.ErrnoException) => finish(whyNot(error, asked.socket as TLSSocket | null)));
    asked.on("response", (response) => {
      const refusal = refusalOf(response);
      if (refusal === null) readBody(response).then(finish);
      else finish(failed(refusal));
    });
    asked.end();
  });
}

function requestOptions({ name, port, ca }: PolicyHost): RequestOptions {
  return {
    port,
    path: "/.well-known/mta-sts.txt",
    servername: name,
    headers: { host: name, accept: "text/plain", "user-agent": "probe-run" },
    agent: false,
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca: [ca, ...rootCertificates] }),
    checkServerIdentity: (_name, { raw }) =>
      isForOneOf(new X509Certificate(raw), [name], "never") ? undefined : new Error(`the certificate is not for ${name}`),
  };
}

function refusalOf({ statusCode, headers }: IncomingMessage): string | null {
  if (statusCode !== 200) return `the policy host answered with status ${statusCode}, where 200 is expected`;
  const type = headers["content-type"] ?? "";
  return /^text\/plain[ \t]*(?:;|$)/i.test(type) ? null : `the policy is of type ${JSON.stringify(type)}, where text/plain is expected`;
}

function readBody(response: IncomingMessage): Promise<Fetched> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_POLICY_BYTES) resolve(failed(`the policy is longer than ${MAX_POLICY_BYTES} bytes`));
      else chunks.push(chunk);
    });
    response.on("error", (error) => resolve(failed(`the policy broke off: ${error.message}`)));
    response.on("end", () => resolve({ kind: "text", text: Buffer.concat(chunks).toString("utf8") }));
  });
}

function whyNot(error: NodeJS.ErrnoException, socket: TLSSocket | null): Fetched {
  const message = `the policy could not be fetched: ${wordsOf(error)}`;
  // Node leaves here what is wrong with the certificate, and null where nothing is.
  if (socket?.authorizationError) return { kind: "failed", breach: { type: "sts-webpki-invalid", message } };
  return { kind: "unreachable", breach: { type: "sts-policy-fetch-error", message } };
}

function failed(message: string): Fetched {
  return { kind: "failed", breach: { type: "sts-policy-fetch-error", message } };
}
