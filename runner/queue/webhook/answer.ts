import { QueueError } from "../queue-error.js";

/** What became of one request. */
export type Answer =
  | { readonly kind: "taken" }
  /** It may be taken later. `afterMs`: the receiver said when. */
  | { readonly kind: "later"; readonly error: QueueError; readonly afterMs: number | null }
  | { readonly kind: "refused"; readonly error: QueueError };

/** Too early, too many, or a time-out that the receiver tells. */
const LATER: readonly number[] = [408, 425, 429];

export function judgeResponse({ status, headers }: Response, shown: string): Answer {
  if (status >= 200 && status < 300) return { kind: "taken" };
  if (LATER.includes(status) || status >= 500) {
    const error = new QueueError(status === 429 ? "busy" : "failed", `${shown} answers ${status}: it takes no results just now`);
    return { kind: "later", error, afterMs: retryAfterMs(headers.get("retry-after")) };
  }
  const why = status >= 300 && status < 400 ? "a redirect, which is not followed: give the address that it leads to" : REASONS[status];
  return { kind: "refused", error: new QueueError("refused", `${shown} answers ${status}${why === undefined ? ": it does not take the result" : `: ${why}`}`) };
}

const REASONS: Readonly<Record<number, string>> = {
  401: "it asks for a login, or the signature does not fit: check the secret",
  403: "it does not allow it: check the secret",
  404: "there is nothing: check the path",
  410: "it is gone for good",
  413: "the result is too large for it",
};

export function judgeFailure(error: unknown, shown: string, timeoutMs: number): Answer {
  const { name, cause } = error as Error;
  if (name === "TimeoutError") return later(`${shown} does not answer within ${timeoutMs} ms`, error);
  const { code = "", message = String(error) } = (cause ?? error) as NodeJS.ErrnoException;
  // The Fetch standard blocks ports of other protocols: no later attempt would get through.
  if (message === "bad port")
    return { kind: "refused", error: new QueueError("refused", `${shown} is at a port that is blocked for HTTP: use another`, { cause: error }) };
  if (!/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) return later(`no connection to ${shown}: ${code === "" ? message : code}`, error);
  return { kind: "refused", error: new QueueError("refused", `the certificate of ${shown} is not trusted: ${message}`, { cause: error }) };
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
