import { hostOf } from "../../runner/net/http/message.js";

export interface Cookie {
  /** Empty for a cookie without one. */
  readonly name: string;
  /** Whether its value alone begins with the prefix of a protected name. */
  readonly posesAsPrefixed: boolean;
  /** By name in lower case; the last of each counts. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Reads a Set-Cookie field (RFC 6265bis, section 5.6) without keeping the cookie's value. */
export function readCookie(field: string): Cookie {
  const [pair = "", ...rest] = field.split(";").map((part) => part.trim());
  const at = pair.indexOf("=");
  // Without an equals sign all of it is the value.
  const name = at === -1 ? "" : pair.slice(0, at).trim();
  const written = rest.map((attribute) => attribute.split("="));
  return {
    name,
    posesAsPrefixed: name === "" && /^__(?:secure|host)-/i.test(pair.slice(at + 1).trim()),
    attributes: new Map(written.map(([attribute = "", ...value]) => [attribute.trim().toLowerCase(), value.join("=").trim()])),
  };
}

/** Whether it only makes browsers forget a cookie (sections 5.6.1 and 5.6.2): Max-Age counts before Expires. */
export function isDeletion({ attributes }: Cookie, now: number): boolean {
  const maxAge = attributes.get("max-age") ?? "";
  if (/^-?[0-9]+$/.test(maxAge)) return Number(maxAge) <= 0;
  return Date.parse(attributes.get("expires") ?? "") < now;
}

/** RFC 6265bis, sections 4.1.3 and 5.7: what browsers refuse, and what a cookie lacks. */
export function cookieFaults(cookie: Cookie, url: URL): string[] {
  const { attributes } = cookie;
  const isSecure = url.protocol === "https:";
  const name = cookie.name === "" ? "a cookie without a name" : cookie.name;
  const lacking = [
    ...(isSecure && !attributes.has("secure") ? ["Secure"] : []),
    ...(attributes.has("httponly") ? [] : ["HttpOnly"]),
    ...(SAME_SITE.has(sameSiteOf(cookie)) ? [] : ["SameSite"]),
  ];
  const refused = refusals(cookie, url);
  return [...(lacking.length === 0 ? [] : [`${name} without ${lacking.join(", ")}`]), ...refused.map((fault) => `${name} is refused by browsers: ${fault}`)];
}

const SAME_SITE = new Set(["strict", "lax", "none"]);

function sameSiteOf({ attributes }: Cookie): string {
  return attributes.get("samesite")?.toLowerCase() ?? "";
}

function refusals(cookie: Cookie, url: URL): string[] {
  const { name, attributes, posesAsPrefixed } = cookie;
  const hasSecure = attributes.has("secure");
  const domain = (attributes.get("domain") ?? "").replace(/^\./, "").toLowerCase();
  const isHostOnly = attributes.get("path") === "/" && domain === "";
  return [
    ...(hasSecure && url.protocol !== "https:" ? ["Secure over plain HTTP"] : []),
    ...(sameSiteOf(cookie) === "none" && !hasSecure ? ["SameSite=None needs Secure"] : []),
    ...(/^__secure-/i.test(name) && !hasSecure ? ["__Secure- needs Secure"] : []),
    ...(/^__host-/i.test(name) && !(hasSecure && isHostOnly) ? ["__Host- needs Secure, Path=/ and no Domain"] : []),
    ...(posesAsPrefixed ? ["without a name, its value must not begin like a protected name"] : []),
    ...(domain === "" || domainMatches(hostOf(url), domain) ? [] : ["its Domain does not contain the page's host"]),
  ];
}

/** RFC 6265bis, section 5.1.3. */
function domainMatches(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
