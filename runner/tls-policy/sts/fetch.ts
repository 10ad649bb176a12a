import type { Exchange } from "../../net/http/exchange.js";
import { fieldValue } from "../../net/http/message.js";
import { newSingleExchange, type SingleRequest, sendSingle } from "../../net/http/single-request.js";
import type { Connection } from "../../net/transport/connection.js";
import { peerChainOf } from "../../net/transport/peer-chain.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { isForOneOf } from "../names.js";
import type { PolicyViolation } from "../violation.js";
import { CONNECT_TIMEOUT_MS, MAX_POLICY_BYTES } from "./limits.js";

export interface PolicyHost {
  /** mta-sts.example.org */
  readonly name: string;
  readonly port: number;
  /** PEM, beside the system's. */
  readonly ca: string | undefined;
}

/** The result of one address. Another one may be tried after one that could not be reached. */
export type Fetched = { readonly kind: "text"; readonly text: string } | { readonly kind: "failed" | "unreachable"; readonly violation: PolicyViolation };

/**
 * Fetches the policy file from one address of its host (RFC 8461, section 3.3): over HTTPS with a certificate for the host's name,
 * without following redirects, plain text only, no more than 64 KiB.
 */
export async function fetchPolicyFile({ name, port, ca }: PolicyHost, address: string, timeoutMs: number, signal: AbortSignal): Promise<Fetched> {
  const request: SingleRequest = {
    method: "GET",
    url: `https://${name}:${port}/.well-known/mta-sts.txt`,
    fields: [
      ["accept", "text/plain"],
      ["user-agent", "probe-run"],
    ],
    body: null,
    address,
    ca,
    checkPeer: (connection) => requireForName(connection, name),
    timeoutMs,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    handshake_timeout_ms: CONNECT_TIMEOUT_MS,
    maxBodyBytes: MAX_POLICY_BYTES,
    signal,
  };
  const exchange = newSingleExchange(request);
  try {
    return policyIn(await sendSingle(request, exchange));
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { code, message } = error.failure;
    if (exchange.head !== null) return failed(`the policy broke off: ${message}`);
    const violation = {
      type: code === "tls_certificate" ? "sts-webpki-invalid" : "sts-policy-fetch-error",
      message: `the policy could not be fetched: ${message}`,
    } as const;
    return { kind: code === "tls_certificate" ? "failed" : "unreachable", violation };
  }
}

/** Beside what Node verifies: the subject's common name does not count. */
function requireForName(connection: Connection, name: string): void {
  const [certificate] = peerChainOf(connection);
  if (certificate === undefined || !isForOneOf(certificate, [name], "never"))
    throw failureError("tls", "tls_certificate", `the certificate is not for ${name}`);
}

function policyIn({ head, body }: Exchange): Fetched {
  if (head?.status !== 200) return failed(`the policy host answered with status ${head?.status}, where 200 is expected`);
  const type = fieldValue(head.fields, "content-type") ?? "";
  if (!/^text\/plain[ \t]*(?:;|$)/i.test(type)) return failed(`the policy is of type ${JSON.stringify(type)}, where text/plain is expected`);
  if (body?.truncated === true) return failed(`the policy is longer than ${MAX_POLICY_BYTES} bytes`);
  return { kind: "text", text: (body?.kept ?? Buffer.alloc(0)).toString("utf8") };
}

function failed(message: string): Fetched {
  return { kind: "failed", violation: { type: "sts-policy-fetch-error", message } };
}
