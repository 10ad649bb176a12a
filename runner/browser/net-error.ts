import type { Failure, FailureCode, Phase } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";

/** Chromium's own names of network errors (net/base/net_error_list.h), by their beginning: the first that fits decides. */
const ERRORS: readonly (readonly [start: string, phase: Phase, code: FailureCode])[] = [
  ["ERR_NAME_NOT_RESOLVED", "resolve", "dns_not_found"],
  ["ERR_NAME_RESOLUTION_FAILED", "resolve", "dns_failure"],
  ["ERR_CONNECTION_REFUSED", "connect", "refused"],
  ["ERR_ADDRESS_UNREACHABLE", "connect", "unreachable"],
  ["ERR_INTERNET_DISCONNECTED", "connect", "unreachable"],
  ["ERR_NETWORK_CHANGED", "connect", "unreachable"],
  ["ERR_SOCKS_CONNECTION", "connect", "unreachable"],
  ["ERR_UNSAFE_PORT", "connect", "not_permitted"],
  ["ERR_CONNECTION_TIMED_OUT", "connect", "timeout"],
  ["ERR_TIMED_OUT", "navigate", "timeout"],
  ["ERR_CONNECTION_RESET", "navigate", "reset"],
  ["ERR_CONNECTION_CLOSED", "navigate", "closed"],
  ["ERR_CONNECTION_ABORTED", "navigate", "closed"],
  ["ERR_SOCKET_NOT_CONNECTED", "navigate", "closed"],
  ["ERR_CONNECTION_FAILED", "connect", "unreachable"],
  ["ERR_EMPTY_RESPONSE", "navigate", "closed"],
  ["ERR_CONTENT_LENGTH_MISMATCH", "navigate", "closed"],
  ["ERR_INCOMPLETE_", "navigate", "closed"],
  ["ERR_CERT_", "tls", "tls_certificate"],
  ["ERR_SSL_", "tls", "tls_protocol"],
  ["ERR_BAD_SSL_", "tls", "tls_protocol"],
  ["ERR_TOO_MANY_REDIRECTS", "navigate", "limit_exceeded"],
  ["ERR_UNSAFE_REDIRECT", "navigate", "not_permitted"],
  ["ERR_BLOCKED_BY_", "navigate", "not_permitted"],
  ["ERR_UNKNOWN_URL_SCHEME", "navigate", "unsupported"],
  ["ERR_ABORTED", "navigate", "unsupported"],
];

const NAME = /net::(ERR_[A-Z0-9_]{2,60})/;

/** The failure behind a message of the browser; null if it names no network error. */
export function failureOfNetError(message: string): Failure | null {
  const name = NAME.exec(message)?.[1];
  if (name === undefined) return null;
  // Whatever else goes wrong with a response, such as ERR_INVALID_HTTP_RESPONSE, is a fault of the response.
  const [, phase, code] = ERRORS.find(([start]) => name.startsWith(start)) ?? ["", "navigate" as const, "protocol_violation" as const];
  const words =
    name === "ERR_ABORTED" ? "the navigation was given up: it leads to a download, or to a response without content" : `the browser reports ${name}`;
  return failure(phase, code, words);
}
