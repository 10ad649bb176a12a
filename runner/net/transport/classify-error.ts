import type { FailureCode, Phase } from "../../../schemas/failure.js";
import { type FailureError, failureError } from "../../run/failure-error.js";

/** Node's and the system's error names, in the house's vocabulary. */
const CODES: Readonly<Record<string, FailureCode>> = {
  ENOTFOUND: "dns_not_found",
  ENODATA: "dns_not_found",
  EAI_AGAIN: "dns_failure",
  EAI_FAIL: "dns_failure",
  ESERVFAIL: "dns_failure",
  EREFUSED: "dns_failure",
  EFORMERR: "dns_failure",
  ENOTIMP: "dns_failure",
  EBADRESP: "dns_failure",
  EBADNAME: "dns_not_found",
  ETIMEOUT: "timeout",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "timeout",
  EACCES: "not_permitted",
  EPERM: "not_permitted",
  EMFILE: "limit_exceeded",
  ENFILE: "limit_exceeded",
  ENOBUFS: "limit_exceeded",
  ENOMEM: "limit_exceeded",
  EADDRINUSE: "limit_exceeded",
  EAFNOSUPPORT: "unsupported",
  EINVAL: "unsupported",
  EPROTO: "tls_protocol",
};

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "the network is unreachable",
  EADDRNOTAVAIL: "the source address is not this machine's, or not of the target's family",
  ECONNRESET: "the peer reset the connection",
  EPIPE: "the peer closed the connection while it was written to",
  ETIMEDOUT: "the connection timed out",
  ENOTFOUND: "the name does not exist",
  ENODATA: "the name has no address of the wanted family",
  EAI_AGAIN: "the resolver gave no answer",
  ESERVFAIL: "the name server failed (SERVFAIL)",
  EREFUSED: "the name server refused the query",
  ETIMEOUT: "the name server did not answer in time",
  EMFILE: "this process has too many open files",
};

/** The house's code for an error that Node gave. `unknown` is a gap in the table above. */
export function codeOf(error: NodeJS.ErrnoException): FailureCode {
  const name = error.code ?? "";
  const known = CODES[name];
  if (known !== undefined) return known;
  if (name.startsWith("ERR_SSL_") || name.startsWith("ERR_TLS_") || name.startsWith("ERR_OSSL_")) return "tls_protocol";
  return "unknown";
}

export function wordsOf(error: NodeJS.ErrnoException & { reason?: string }): string {
  const name = error.code ?? "";
  const words = WORDS[name];
  // OpenSSL's messages hold source files and thread numbers: only its reason says anything.
  return words === undefined ? (error.reason ?? error.message) : `${words} (${name})`;
}

export function failureOf(phase: Phase, error: NodeJS.ErrnoException): FailureError {
  return failureError(phase, codeOf(error), wordsOf(error));
}
