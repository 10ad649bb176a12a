import { questionName } from "../../../../schemas/dns-types.js";
import { matchesKey } from "./algorithms.js";
import { delegationOf, type Key, keyOf } from "./records.js";

/** A key that is trusted without a parent: by its digest, or whole. */
export interface TrustAnchor {
  readonly zone: string;
  readonly type: "DS" | "DNSKEY";
  readonly bytes: Buffer;
}

/** The root's key-signing keys, as IANA publishes them (root-anchors.xml): 20326 of 2017 and 38696 of 2024. */
export const ROOT_ANCHORS: readonly string[] = [
  ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
  ". DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
];

/** Reads a line of a master file: `example.org. [TTL] [IN] DS 12345 13 2 ABCD…`, or the same of a DNSKEY. Null if it is neither. */
export function parseAnchor(line: string): TrustAnchor | null {
  const words = line.replace(/;.*/s, "").replaceAll(/[()]/g, " ").trim().split(/\s+/);
  const at = words.findIndex((word, index) => index > 0 && /^(DS|DNSKEY)$/i.test(word));
  const [zone, numbers] = [questionName(words[0] ?? ""), words.slice(at + 1, at + 4)];
  if (zone === null || at < 1 || at > 3 || numbers.some((number) => !/^\d{1,5}$/.test(number))) return null;
  const isDelegation = words[at]?.toUpperCase() === "DS";
  const rest = words.slice(at + 4).join("");
  if (isDelegation ? !/^([0-9a-f]{2}){20,64}$/i.test(rest) : !/^[A-Za-z0-9+/]{20,}={0,2}$/.test(rest)) return null;
  const [first = 0, second = 0, third = 0] = numbers.map(Number);
  if (first > 0xffff || second > 255 || third > 255) return null;
  const head = Buffer.of(first >> 8, first & 0xff, second, third);
  return { zone, type: isDelegation ? "DS" : "DNSKEY", bytes: Buffer.concat([head, Buffer.from(rest, isDelegation ? "hex" : "base64")]) };
}

/** Whether an anchor stands for a key of its zone. */
export function isAnchoredBy(key: Key, { type, bytes }: TrustAnchor): boolean {
  if (type === "DS") return matchesKey(delegationOf({ bytes }), key);
  const trusted = keyOf({ name: key.name, bytes });
  return trusted.algorithm === key.algorithm && trusted.publicKey.equals(key.publicKey);
}
