import { failureError } from "../../run/failure-error.js";

/**
 * A name as it is asked for: absolute, in lower case, without its last dot; the root is ".". Underscores are letters here
 * (_dmarc, _25._tcp), which they are not in host names. Null when it is no such name.
 */
export function dnsName(written: string): string | null {
  if (written === ".") return written;
  const name = (written.endsWith(".") ? written.slice(0, -1) : written).toLowerCase();
  return name.length <= MAX_NAME && name.split(".").every((label) => LABEL.test(label)) ? name : null;
}

/** The same for a name that the caller has to answer for. */
export function requireDnsName(written: string): string {
  const name = dnsName(written);
  if (name === null) throw failureError("resolve", "not_permitted", `${JSON.stringify(written)} is not a domain name in A-labels`);
  return name;
}

/** True when `name` is `zone` or lies below it. */
export function isWithin(name: string, zone: string): boolean {
  return zone === "." || name === zone || name.endsWith(`.${zone}`);
}

/** RFC 1035, section 2.3.4: 255 octets on the wire are 253 characters between the dots. */
const MAX_NAME = 253;
/** Any printable character may stand in a label (RFC 2181, section 11), but for the dot and the backslash. SPF macros make labels with blanks. */
const LABEL = /^[ -[\]-~]{1,63}$/;
