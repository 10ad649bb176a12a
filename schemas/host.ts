import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import isValidHostname from "is-valid-hostname";

/** A host as the wire needs it: an address, or a name in A-labels without its trailing dot. */
export type Host = { kind: "address"; host: string; family: 4 | 6 } | { kind: "name"; host: string };

/**
 * Reads a host name (RFC 1123) or an IP address: what mail addresses, EHLO and certificates may hold. Null for anything else.
 */
export function parseHost(written: string): Host | null {
  return hostOf(written, isValidHostname);
}

/**
 * Reads what a person wrote as a host to connect to. Here a name may have underscores, too: any name of the DNS may have an address (RFC 2181,
 * section 11), services of containers and mail hosts do, and connections to those that MX records or URLs of other programs name do not fail either.
 */
export function parseTarget(written: string): Host | null {
  return hostOf(written, isTargetName);
}

function isTargetName(name: string): boolean {
  return isValidHostname(name.replaceAll("_", "x"));
}

/**
 * domainToASCII is a URL parser: it would turn `0x7f.1` into 127.0.0.1, decode `%61` and drop line feeds. So it sees only
 * names that hold a non-ASCII letter and nothing that such a parser acts on, and its result is checked as any other name.
 */
function hostOf(written: string, isName: (ascii: string) => boolean): Host | null {
  const family = isIP(written);
  // A zone (fe80::1%eth0) is an address of this machine's own interfaces, and isIP lets any characters into it.
  if (family !== 0) return ZONE.test(written) ? null : { kind: "address", host: written, family: family as 4 | 6 };
  const ascii = ASCII_ONLY.test(written) ? written : toAsciiLabels(written);
  if (ascii === null || !isName(ascii) || looksLikeAnAddress(ascii)) return null;
  return { kind: "name", host: ascii.endsWith(".") ? ascii.slice(0, -1) : ascii };
}

export function isTarget(written: string): boolean {
  return parseTarget(written) !== null;
}

/** The domain of a mail address: in lower-case A-labels; an address literal unchanged. */
export function domainOf({ kind, host }: Host): string {
  return kind === "name" ? asciiDomain(host) : host;
}

/** A name in small A-labels, as name servers are asked for it. It must have been found to be a domain before. */
export function asciiDomain(domain: string): string {
  if (domain === last.domain) return last.ascii;
  const host = parseHost(domain);
  if (host?.kind !== "name") throw new Error(`${JSON.stringify(domain)} is no domain`);
  last = { domain, ascii: host.host.toLowerCase() };
  return last.ascii;
}

/** Lists hold many addresses of one domain. */
let last = { domain: "", ascii: "" };

/** A domain of mail or of names: no address. */
export function isDomain(written: string): boolean {
  return parseHost(written)?.kind === "name";
}

/** An IP address, as a socket can be bound to it. */
export function isAddress(written: string): boolean {
  return parseHost(written)?.kind === "address";
}

const ZONE = /%/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant, its control characters too
const ASCII_ONLY = /^[\u0000-\u007f]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach the URL parser
const UNFIT_FOR_IDNA = /[\u0000-\u0020\u007f%:/?#@[\]\\^|<>]/;

function toAsciiLabels(written: string): string | null {
  if (UNFIT_FOR_IDNA.test(written)) return null;
  return domainToASCII(written) || null;
}

/**
 * `256.256.256.256`, `1.2.3` or `0127.0.0.1` are valid names by RFC 1123, but no top-level domain is all digits, and a
 * resolver may read them as an IP address. A single label of digits stays a name, as in the suites that probe-run replaces.
 */
function looksLikeAnAddress(name: string): boolean {
  const labels = name.replace(/\.$/, "").split(".");
  return labels.length > 1 && /^[0-9]+$/.test(labels[labels.length - 1] as string);
}
