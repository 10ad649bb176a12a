import { fieldValue, type ResponseHead } from "../../net/http/message.js";
import { FailureError } from "../../run/failure-error.js";
import { QueueError } from "../queue-error.js";

/** The outcome of one request. */
export type Answer =
  | { readonly kind: "accepted" }
  /** May be accepted later. `afterMs`: the delay that the receiver asked for. */
  | { readonly kind: "later"; readonly error: QueueError; readonly afterMs: number | null }
  | { readonly kind: "refused"; readonly error: QueueError };

/** Too early, too many requests, or a timeout reported by the receiver. */
const LATER: readonly number[] = [408, 425, 429];

export function judgeResponse({ status, fields }: ResponseHead, shown: string): Answer {
  if (status >= 200 && status < 300) return { kind: "accepted" };
  if (LATER.includes(status) || status >= 500) {
    const error = new QueueError(status === 429 ? "busy" : "failed", `${shown} answered ${status}: it accepts no results at the moment`);
    return { kind: "later", error, afterMs: retryAfterMs(fieldValue(fields, "retry-after")) };
  }
  const isRedirect = status >= 300 && status < 400;
  const why = isRedirect ? "a redirect, which is not followed: use the address that it leads to" : REASONS[status];
  return {
    kind: "refused",
    error: new QueueError("refused", `${shown} answered ${status}${why === undefined ? ": it does not accept the result" : `: ${why}`}`, {
      isOfEveryMessage: isRedirect || OF_EVERY_MESSAGE.includes(status),
    }),
  };
}

/** The login, the secret or the path is wrong, whatever the message is. */
const OF_EVERY_MESSAGE: readonly number[] = [401, 402, 403, 404, 405, 407, 410];

const REASONS: Readonly<Record<number, string>> = {
  401: "unauthorized: check the login and the secret",
  403: "forbidden: check the secret",
  404: "not found: check the path",
  410: "gone: the receiver no longer exists",
  413: "the result is too large",
};

export function judgeFailure(error: unknown, shown: string, timeoutMs: number): Answer {
  if (!(error instanceof FailureError)) throw error;
  const { code, message } = error.failure;
  if (code === "timeout") return later(`${shown} did not answer within ${timeoutMs} ms`, error);
  if (code !== "tls_certificate" && code !== "not_permitted") return later(`no response from ${shown}: ${message}`, error);
  return { kind: "refused", error: new QueueError("refused", `${shown}: ${message}`, { cause: error, isOfEveryMessage: true }) };
}

function later(message: string, cause: unknown): Answer {
  return { kind: "later", error: new QueueError("unreachable", message, { cause }), afterMs: null };
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfterMs(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
