import { type GetFromAddress, type GetResult, getFromAddress } from "../../net/http/get-from-address.js";
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
export async function fetchPolicyFile({ name, port, ca }: PolicyHost, address: string, signal: AbortSignal): Promise<Fetched> {
  const request: GetFromAddress = {
    name,
    address,
    port,
    path: "/.well-known/mta-sts.txt",
    accept: "text/plain",
    ca,
    isForName: (certificate) => isForOneOf(certificate, [name], "never"),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    maxBodyBytes: MAX_POLICY_BYTES,
    signal,
  };
  return policyIn(await getFromAddress(request));
}

function policyIn(got: GetResult): Fetched {
  switch (got.kind) {
    case "unreachable":
      return { kind: "unreachable", violation: { type: "sts-policy-fetch-error", message: `the policy could not be fetched: ${got.message}` } };
    case "not_trusted":
      return { kind: "failed", violation: { type: "sts-webpki-invalid", message: `the policy could not be fetched: ${got.message}` } };
    case "incomplete":
      return failed(`the policy ${got.message}`);
    default: {
      if (got.status !== 200) return failed(`the policy host answered with status ${got.status}, where 200 is expected`);
      const isPlainText = /^text\/plain[ \t]*(?:;|$)/i.test(got.contentType);
      return isPlainText ? { kind: "text", text: got.body } : failed(`the policy is of type ${JSON.stringify(got.contentType)}, where text/plain is expected`);
    }
  }
}

function failed(message: string): Fetched {
  return { kind: "failed", violation: { type: "sts-policy-fetch-error", message } };
}
