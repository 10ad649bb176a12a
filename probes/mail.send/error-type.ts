import type { Failure, FailureCode, Phase } from "../../schemas/failure.js";
import type { ErrorType } from "./schema.js";

/** A recipient or the message was asked about by then. */
export const IN_TRANSACTION: ReadonlySet<Phase> = new Set(["mail", "rcpt", "data"]);

/** Whether the same may be taken later: only a 4xx reply says so. */
export function isTemporary({ reply_code: code }: Failure): boolean {
  return code !== null && code >= 400 && code < 500;
}

/** A failure in the words of the checks that this probe takes the place of. A run that was cancelled ran out of time. */
export function errorTypeOf(failure: Failure): ErrorType {
  const { phase, code } = failure;
  if (code === "timeout" || code === "cancelled") return "timeout";
  if (phase === "resolve" || phase === "connect") return "connection_error";
  // A server that says 421 before it goes has answered.
  if (LOST.has(code)) return isTemporary(failure) ? "temporary_failure" : "connection_error";
  if (code === "not_permitted") return "configuration_error";
  // Also for the 4xx of RFC 4954, section 6: it is tried again, and is about the login all the same.
  if (phase === "auth") return "auth_error";
  if (isTemporary(failure)) return "temporary_failure";
  return phase === "rcpt" && code === "reply_rejected" ? "recipient_refused" : "smtp_error";
}

const LOST: ReadonlySet<FailureCode> = new Set(["reset", "closed", "unreachable", "refused", "tls_certificate", "tls_protocol"]);
