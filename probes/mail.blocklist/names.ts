import { reverseName } from "../../runner/mail/dns-plan/reverse-name.js";
import type { BlocklistKind } from "../../schemas/blocklist.js";
import { asciiDomain } from "../../schemas/host.js";
import { knownList } from "./known-lists.js";

export interface Target {
  /** As it was given. */
  readonly target: string;
  readonly kind: BlocklistKind;
  /** What stands before a list's zone. */
  readonly label: string;
}

/** RFC 5782, sections 2.1 and 2.4: octets or nibbles from the last to the first. */
export function addressTarget(target: string): Target {
  const name = reverseName(target);
  if (!target.includes(":")) return { target, kind: "ipv4", label: name.slice(0, -".in-addr.arpa".length) };
  const label = name.slice(0, -".ip6.arpa".length);
  return label.endsWith(MAPPED) ? { target, kind: "ipv4", label: octetsOf(label) } : { target, kind: "ipv6", label };
}

/** RFC 5782, section 3: a domain as it is. */
export function domainTarget(target: string): Target {
  return { target, kind: "domain", label: asciiDomain(target) };
}

/** What every list that works has, and what it never has (RFC 5782, section 5). */
export function testLabels(zone: string, kind: BlocklistKind): { readonly listed: string; readonly notListed: string } {
  if (kind === "domain") return { listed: knownList(zone)?.listedDomain ?? "test", notListed: "invalid" };
  if (kind === "ipv4") return { listed: addressTarget("127.0.0.2").label, notListed: addressTarget("127.0.0.1").label };
  return { listed: `2.0.0.0.0.0.f.7${MAPPED}`, notListed: `1.0.0.0.0.0.f.7${MAPPED}` };
}

/** The end of ::ffff:0:0/96: an IPv4 address in the clothes of IPv6, which lists have among the IPv4 ones. */
const MAPPED = `.f.f.f.f${".0".repeat(20)}`;

function octetsOf(label: string): string {
  const nibbles = label.split(".");
  return [0, 2, 4, 6].map((index) => Number.parseInt(`${nibbles[index + 1]}${nibbles[index]}`, 16)).join(".");
}
