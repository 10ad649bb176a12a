import { TAG } from "./encode-der.js";

/** Bytes that are not the ASN.1 they should be. Wire clients turn it into a protocol violation. */
export class Asn1Error extends Error {
  override readonly name = "Asn1Error";
}

export interface Element {
  /** The identifier octet: class, constructed bit and number. */
  readonly tag: number;
  readonly content: Buffer;
  /** Header and content. */
  readonly bytes: Buffer;
}

const CONSTRUCTED = 0x20;
/** A certificate nests about ten deep, an LDAP filter that we wrote a few: more is an attack. */
const MAX_DEPTH = 32;

/** The element that begins at `offset`. Its content is a view on `bytes`: nothing is copied. */
export function elementAt(bytes: Buffer, offset = 0): Element {
  const header = headerAt(bytes, offset);
  if (header === null || header.end > bytes.length) throw new Asn1Error("the element ends before its length");
  return { tag: header.tag, content: bytes.subarray(header.start, header.end), bytes: bytes.subarray(offset, header.end) };
}

/** Where an element begins and ends; null while its header has not arrived whole. The content may still be missing. */
export function headerAt(bytes: Buffer, offset = 0): { tag: number; start: number; end: number } | null {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) return null;
  // Tag numbers from 31 on take further octets; no protocol that we speak has any.
  if ((tag & 0x1f) === 0x1f) throw new Asn1Error(`tag 0x${tag.toString(16)} has a long form`);
  if (first < 0x80) return { tag, start: offset + 2, end: offset + 2 + first };
  if (first === 0x80) throw new Asn1Error("an indefinite length");
  const count = first & 0x7f;
  if (count > 4) throw new Asn1Error(`a length of ${count} bytes`);
  if (offset + 2 + count > bytes.length) return null;
  const start = offset + 2 + count;
  return { tag, start, end: start + bytes.readUIntBE(offset + 2, count) };
}

/** The elements inside a constructed one, or of any bytes that hold nothing else. */
export function elementsIn(content: Buffer): Element[] {
  const elements: Element[] = [];
  for (let offset = 0; offset < content.length; ) {
    const each = elementAt(content, offset);
    elements.push(each);
    offset += each.bytes.length;
  }
  return elements;
}

export function childrenOf(element: Element): Element[] {
  if ((element.tag & CONSTRUCTED) === 0) throw new Asn1Error(`tag 0x${element.tag.toString(16)} is not constructed`);
  return elementsIn(element.content);
}

/** The element, when it has this tag. */
export function expectTag(element: Element | undefined, tag: number): Element {
  if (element === undefined) throw new Asn1Error(`no element with tag 0x${tag.toString(16)}`);
  if (element.tag !== tag) throw new Asn1Error(`tag 0x${element.tag.toString(16)} instead of 0x${tag.toString(16)}`);
  return element;
}

/** How deep the elements nest; throws beyond MAX_DEPTH, which bounds the recursion of readers. */
export function assertShallow(bytes: Buffer, depth = 0): void {
  if (depth > MAX_DEPTH) throw new Asn1Error(`elements nest more than ${MAX_DEPTH} deep`);
  for (const each of elementsIn(bytes)) if ((each.tag & CONSTRUCTED) !== 0) assertShallow(each.content, depth + 1);
}

/** Up to 48 bits, signed. */
export function integerOf({ content }: Element): number {
  if (content.length === 0 || content.length > 6) throw new Asn1Error(`an integer of ${content.length} bytes`);
  return content.readIntBE(0, content.length);
}

export function bigIntegerOf({ content }: Element): bigint {
  if (content.length === 0) throw new Asn1Error("an integer of 0 bytes");
  return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString("hex")}`));
}

export function booleanOf({ content }: Element): boolean {
  return content.some((byte) => byte !== 0);
}

export function objectIdentifierOf({ content }: Element): string {
  const numbers: bigint[] = [];
  let number = 0n;
  for (const byte of content) {
    number = (number << 7n) | BigInt(byte & 0x7f);
    if (number >= 1n << 128n) throw new Asn1Error("an object identifier with a number above 128 bits");
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0n;
  }
  const joint = numbers.shift();
  if (joint === undefined || (content[content.length - 1] as number) >= 0x80) throw new Asn1Error("an object identifier that is cut off");
  const first = joint < 40n ? 0n : joint < 80n ? 1n : 2n;
  return [first, joint - first * 40n, ...numbers].join(".");
}

/** The bits that are set, counted from the first (X.680, 22: named bits). */
export function bitsOf({ content }: Element): number[] {
  return [...content.subarray(1)]
    .flatMap((byte, index) => Array.from({ length: 8 }, (_, bit) => ((byte >> (7 - bit)) & 1 ? index * 8 + bit : -1)))
    .filter((bit) => bit >= 0);
}

/** What a BIT STRING holds when it is whole bytes, such as a key. */
export function bytesOfBitString(element: Element): Buffer {
  return expectTag(element, TAG.bitString).content.subarray(1);
}
