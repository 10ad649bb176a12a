import { type FailureError, failureError } from "../../run/failure-error.js";
import { addressUse } from "../transport/address-policy.js";
import { fieldValues, type HttpRequest, hostOf, type ResponseHead } from "./message.js";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where a response redirects to, as its Location says it; null if it does not redirect. */
export function locationOf({ status, fields }: ResponseHead): string | null {
  return REDIRECTS.has(status) ? (fieldValues(fields, "location")[0] ?? null) : null;
}

/** Fields that reveal nothing: any other one may contain a credential, and is sent to its origin only. */
const HARMLESS = new Set(["accept", "accept-encoding", "accept-language", "cache-control", "content-type", "pragma", "range", "user-agent"]);

/** The request that follows a redirect (RFC 9110, section 15.4). Throws a FailureError if it must not be sent. */
export function redirected(request: HttpRequest, status: number, location: string): HttpRequest {
  const url = targetOfRedirect(request.url, location);
  const isSameOrigin = url.origin === request.url.origin;
  const becomesGet = status === 303 ? request.method !== "HEAD" : (status === 301 || status === 302) && request.method === "POST";
  const body = becomesGet ? null : request.body;
  if (body !== null && !isSameOrigin)
    throw refused(`${status} redirects a request with a body to another origin, ${url.origin}: the body may hold credentials`);
  const kept = request.fields.filter(([name]) => isKept(name.toLowerCase(), isSameOrigin, body !== null));
  return { method: becomesGet ? "GET" : request.method, url, fields: kept, body, version: request.version };
}

function targetOfRedirect(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw refused(`the Location ${shown(location)} is no URL`);
  const url = new URL(location, from);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw refused(`the redirect leads to the scheme ${url.protocol}, and only http: and https: are followed`);
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
}

function isKept(name: string, isSameOrigin: boolean, hasBody: boolean): boolean {
  if (name === "content-type" && !hasBody) return false;
  if (name === "host") return false;
  return isSameOrigin || HARMLESS.has(name);
}

/** A name in a response is a stranger's word: it may lead to this machine, its neighbours or a cloud's metadata service. */
export function refusalOfAddress(address: string, reachedFirst: string | null, what = "the redirect"): string | null {
  const { scope, standard } = addressUse(address);
  if (scope === "global" || address === reachedFirst) return null;
  return `${what} leads to ${address}, which is not a public address (${scope}, ${standard}); allow_private_redirects allows it`;
}

/**
 * The host that the input itself names may be anywhere. One that was reached at a public address stays at public ones: its DNS is a stranger's word,
 * too, and may have another answer for the second look-up.
 */
export function mayBeAnywhere(first: URL, url: URL, reachedFirst: string | null): boolean {
  return hostOf(first) === hostOf(url) && !isPublic(reachedFirst);
}

/** The address of a host, if one is known, is public. */
export function isPublic(address: string | null): boolean {
  return address !== null && addressUse(address).scope === "global";
}

function refused(message: string): FailureError {
  return failureError("redirect", "not_permitted", message);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
