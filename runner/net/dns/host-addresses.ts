import type { DnsOutcome } from "../../../schemas/dns.js";
import type { Answer } from "./answer.js";

export type AddressFamily = "any" | "ipv4" | "ipv6";

/** Asks one question; its provider handles timeouts, the cache and recording. */
export type Ask = <Type extends "A" | "AAAA" | "MX">(name: string, type: Type) => Promise<Answer<Type>>;

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
  readonly ttl: number | null;
}

/** The addresses of a host, and the outcome of each query; null for a family that was not queried. */
export interface HostAddresses {
  readonly ipv4: DnsOutcome | null;
  readonly ipv6: DnsOutcome | null;
  readonly aliases: readonly string[];
  readonly authenticated: boolean;
  /** The families take turns, IPv6 first (RFC 8305, section 4); within one, as the server put them. */
  readonly addresses: readonly HostAddress[];
}

/** Asks for both families at once. */
export async function addressesOf(ask: Ask, host: string, family: AddressFamily): Promise<HostAddresses> {
  const [ipv6, ipv4] = await Promise.all([family === "ipv4" ? null : ask(host, "AAAA"), family === "ipv6" ? null : ask(host, "A")]);
  const answers = [ipv6, ipv4].filter((answer) => answer !== null);
  const found = answers.filter(({ outcome }) => outcome === "found");
  return {
    ipv4: ipv4?.outcome ?? null,
    ipv6: ipv6?.outcome ?? null,
    aliases: answers.find(({ aliases }) => aliases.length > 0)?.aliases ?? [],
    authenticated: found.length > 0 && found.every(({ authenticated }) => authenticated),
    addresses: inTurns(addressesIn(ipv6, 6), addressesIn(ipv4, 4)),
  };
}

function addressesIn(answer: Answer<"A"> | Answer<"AAAA"> | null, family: 4 | 6): HostAddress[] {
  return (answer?.records ?? []).map((address) => ({ address, family, ttl: answer?.ttl ?? null }));
}

function inTurns<Item>(first: readonly Item[], second: readonly Item[]): Item[] {
  const both = first.flatMap((item, index) => (index < second.length ? [item, second[index] as Item] : [item]));
  return [...both, ...second.slice(first.length)];
}
