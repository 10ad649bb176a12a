import type { Failure, FailureCode } from "../../schemas/failure.js";

/** Why a check failed, in the words of the checks that this probe replaces. */
export const MAIL_ERROR_TYPES = ["configuration_error", "no_recent_message", "transient_failure", "execution_error", "unexpected_error"] as const;
export type MailErrorType = (typeof MAIL_ERROR_TYPES)[number];

/** What only another input makes better. */
const CONFIGURATION: readonly FailureCode[] = ["not_permitted", "unsupported", "dns_not_found"];

export function errorTypeOf(failure: Failure): MailErrorType {
  if (CONFIGURATION.includes(failure.code)) return "configuration_error";
  if (failure.code === "unknown") return "unexpected_error";
  return failure.retryable ? "transient_failure" : "execution_error";
}
