import { FailureError, failureError } from "../../run/failure-error.js";
import type { BodyLimits } from "./body-reader.js";
import { type Exchange, type HttpContext, type HttpOptions, newExchange } from "./exchange.js";
import { HTTP_LIMITS } from "./limits.js";
import type { HttpRequest, ResponseHead } from "./message.js";
import { locationOf, mayBeAnywhere, redirected, refusalOfAddress } from "./redirect.js";
import { send } from "./send.js";

export interface ClientOptions extends Omit<HttpOptions, "body"> {
  readonly body: BodyLimits;
  /** How many redirects to follow; 0 for none. */
  readonly follow: number;
  readonly allowPrivateRedirects: boolean;
}

/**
 * Sends a request and follows its redirects, each on a connection of its own, so that every hop has all of its phases. Each exchange is
 * added to `exchanges` before it begins. Rejects with a FailureError.
 */
export async function request(context: HttpContext, first: HttpRequest, options: ClientOptions, exchanges: Exchange[] = []): Promise<Exchange> {
  const seen = new Set<string>();
  let next = first;
  for (let left = options.follow; ; left--) {
    const exchange = newExchange(next);
    exchanges.push(exchange);
    const reachedFirst = exchanges[0]?.ipAddress ?? null;
    const isAllowed = options.allowPrivateRedirects || next === first || mayBeAnywhere(first.url, next.url, reachedFirst);
    const hop: HttpOptions = {
      ...options,
      body: (head) => (left > 0 && locationOf(head) !== null ? REDIRECT_BODY : options.body),
      ...(isAllowed ? {} : { refuse: (address) => refusalOfAddress(address, reachedFirst) }),
    };
    await sendHop(context, exchange, hop, next !== first);
    const head = exchange.head as ResponseHead;
    const location = locationOf(head);
    if (location === null || options.follow === 0) return exchange;
    if (left === 0) throw failureError("redirect", "limit_exceeded", `more than ${options.follow} redirects`);
    seen.add(keyOf(next));
    next = redirected(next, head.status, location);
    if (seen.has(keyOf(next))) throw failureError("redirect", "limit_exceeded", `the redirects lead in a circle, back to ${next.url.href}`);
  }
}

const REDIRECT_BODY: BodyLimits = { most_bytes: HTTP_LIMITS.redirect_body_bytes, kept_bytes: 0 };

async function sendHop(context: HttpContext, exchange: Exchange, options: HttpOptions, isRedirect: boolean): Promise<void> {
  try {
    await send(context, exchange, options);
  } catch (error) {
    // Not to be allowed to connect is a fault of the redirect.
    if (!isRedirect || !(error instanceof FailureError) || error.failure.code !== "not_permitted") throw error;
    throw failureError("redirect", "not_permitted", error.failure.message);
  }
}

function keyOf({ method, url }: HttpRequest): string {
  return `${method} ${url.href}`;
}
