import { isIP } from "node:net";
import type { AddressScope } from "../../../schemas/address-scope.js";
import { keptByText } from "../../support/kept.js";

/** What an address is for, and where that is written. */
export interface AddressUse {
  readonly scope: AddressScope;
  /** Null for a global address. */
  readonly standard: string | null;
}

/**
 * Addresses that no public host has. A service that lets strangers name a host must not connect to them: such a name may lead to
 * this machine, its neighbours or a cloud's metadata service. Every row of the registries of special-purpose addresses
 * (RFC 6890) that is not globally reachable, and every way to wrap an IPv4 address in an IPv6 one.
 */
const SPECIAL: readonly (readonly [prefix: string, scope: AddressScope, standard: string])[] = [
  ["0.0.0.0/8", "this_network", "RFC 1122, 3.2.1.3"],
  ["10.0.0.0/8", "private", "RFC 1918"],
  ["100.64.0.0/10", "shared", "RFC 6598"],
  ["127.0.0.0/8", "loopback", "RFC 1122, 3.2.1.3"],
  ["169.254.0.0/16", "link_local", "RFC 3927"],
  ["172.16.0.0/12", "private", "RFC 1918"],
  ["192.0.0.0/24", "reserved", "RFC 6890, 2.1"],
  ["192.0.2.0/24", "documentation", "RFC 5737"],
  ["192.88.99.0/24", "six_to_four", "RFC 7526"],
  ["192.168.0.0/16", "private", "RFC 1918"],
  ["198.18.0.0/15", "benchmarking", "RFC 2544"],
  ["198.51.100.0/24", "documentation", "RFC 5737"],
  ["203.0.113.0/24", "documentation", "RFC 5737"],
  ["224.0.0.0/4", "multicast", "RFC 5771"],
  ["240.0.0.0/4", "reserved", "RFC 1112, 4"],
  ["255.255.255.255/32", "broadcast", "RFC 919"],
  ["::/128", "this_network", "RFC 4291, 2.5.2"],
  ["::1/128", "loopback", "RFC 4291, 2.5.3"],
  ["::/96", "v4_mapped", "RFC 4291, 2.5.5.1"],
  ["::ffff:0:0/96", "v4_mapped", "RFC 4291, 2.5.5.2"],
  ["::ffff:0:0:0/96", "v4_translated", "RFC 2765, 2.1"],
  ["64:ff9b::/96", "nat64", "RFC 6052"],
  ["64:ff9b:1::/48", "nat64", "RFC 8215"],
  ["100::/64", "discard", "RFC 6666"],
  ["2001::/23", "reserved", "RFC 2928"],
  ["2001::/32", "teredo", "RFC 4380"],
  ["2001:2::/48", "benchmarking", "RFC 5180"],
  ["2001:db8::/32", "documentation", "RFC 3849"],
  ["2002::/16", "six_to_four", "RFC 3056"],
  ["3fff::/20", "documentation", "RFC 9637"],
  ["fc00::/7", "private", "RFC 4193"],
  ["fe80::/10", "link_local", "RFC 4291, 2.5.6"],
  ["fec0::/10", "private", "RFC 3879"],
  ["ff00::/8", "multicast", "RFC 4291, 2.7"],
  // Global unicast is 2000::/3 so far: nothing else is assigned.
  ["::/3", "reserved", "RFC 4291, 2.4"],
  ["4000::/2", "reserved", "RFC 4291, 2.4"],
  ["8000::/1", "reserved", "RFC 4291, 2.4"],
];

/** What an IP address is for. Takes addresses only: a name has to be looked up first, and what is dialled is what was looked at. */
export const addressUse = keptByText(1000, useOf);

function useOf(address: string): AddressUse {
  const words = wordsOf(address);
  if (words === null) throw new Error(`${JSON.stringify(address)} is no IP address`);
  table ??= tableOf(SPECIAL);
  const row = table.find((candidate) => candidate.words.length === words.length && startsWith(words, candidate));
  return row === undefined ? GLOBAL : row.use;
}

const GLOBAL: AddressUse = { scope: "global", standard: null };

/** A range of addresses: a prefix and its length. */
export interface AddressRange {
  readonly words: readonly number[];
  readonly bits: number;
}

interface Row extends AddressRange {
  readonly use: AddressUse;
}

/** Reads `10.1.0.0/16`, `2001:db8::/32` or one address. Null for anything else. */
export function parseRange(written: string): AddressRange | null {
  const [, address = "", bits] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(written) ?? [];
  const words = wordsOf(address);
  if (words === null) return null;
  const length = bits === undefined ? words.length * 16 : Number(bits);
  return length > words.length * 16 ? null : { words, bits: length };
}

export function rangeContains(range: AddressRange, address: string): boolean {
  const words = wordsOf(address);
  return words !== null && words.length === range.words.length && startsWith(words, range);
}

/** Made at the first use: the regular expression that Node reads an IPv6 address with takes five milliseconds to compile. */
let table: readonly Row[] | null = null;

/** The longest prefix first: it says most about an address. */
function tableOf(special: typeof SPECIAL): Row[] {
  const rows = special.map(([prefix, scope, standard]): Row => {
    const [address, bits] = prefix.split("/") as [string, string];
    return { words: wordsOf(address) as number[], bits: Number(bits), use: { scope, standard } };
  });
  return rows.sort((a, b) => b.bits - a.bits);
}

function startsWith(words: readonly number[], { words: prefix, bits }: AddressRange): boolean {
  for (let index = 0, left = bits; left > 0; index += 1, left -= 16) {
    const unused = Math.max(0, 16 - left);
    if ((words[index] as number) >> unused !== (prefix[index] as number) >> unused) return false;
  }
  return true;
}

/** An address as words of 16 bits: two for IPv4, eight for IPv6. A zone does not count. Null when it is none. */
function wordsOf(written: string): number[] | null {
  const address = written.replace(/%.*$/s, "");
  const family = isIP(address);
  if (family === 4) return wordsOfV4(address);
  return family === 6 ? wordsOfV6(address) : null;
}

function wordsOfV4(address: string): number[] {
  const [a, b, c, d] = address.split(".").map(Number) as [number, number, number, number];
  return [a * 256 + b, c * 256 + d];
}

function wordsOfV6(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const front = groups(head);
  const back = groups(tail ?? "");
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** `a:b:192.0.2.1` ends with an IPv4 address: two words. */
function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => (group.includes(".") ? wordsOfV4(group) : [Number.parseInt(group, 16)]));
}
