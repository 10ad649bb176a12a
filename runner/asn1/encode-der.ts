/** Writes ASN.1 elements in DER (X.690). Everything written here is also valid BER, as LDAP and SNMP take it. */

/** Tags of the universal class, with the constructed bit for SEQUENCE and SET (X.680, 8.6). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

/** X.690, 8.1.3: a short length is one byte; a longer one first says how many bytes it takes. */
function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => element(TAG.sequence, ...contents);
export const set = (...contents: readonly Uint8Array[]): Buffer => element(TAG.set, ...contents);
export const octets = (content: Uint8Array): Buffer => element(TAG.octetString, content);
export const utf8 = (text: string): Buffer => element(TAG.utf8String, Buffer.from(text));
export const boolean = (value: boolean): Buffer => element(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
/** An element with a context tag, such as [0]. */
export const context = (number: number, content: Uint8Array, { constructed = false } = {}): Buffer => element((constructed ? 0xa0 : 0x80) | number, content);
export const bits = (content: Uint8Array, unused = 0): Buffer => element(TAG.bitString, Uint8Array.of(unused), content);

/** A number that is not negative, given as its bytes: a leading zero keeps the first bit from being read as a sign. */
export function unsignedInteger(bytes: Uint8Array): Buffer {
  return element(TAG.integer, (bytes[0] as number) & 0x80 ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes);
}

export function integer(value: number, tag: number = TAG.integer): Buffer {
  return element(tag, twosComplement(value));
}

export const enumerated = (value: number): Buffer => integer(value, TAG.enumerated);

/** X.690, 8.3: the fewest bytes whose first bit is the sign. */
function twosComplement(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(((rest % 256) + 256) % 256);
    rest = Math.floor(rest / 256);
  } while (!((rest === 0 && (bytes[0] as number) < 0x80) || (rest === -1 && (bytes[0] as number) >= 0x80)));
  return Uint8Array.from(bytes);
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(TAG.objectIdentifier, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(number: number): number[] {
  const bytes = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return bytes;
}

/** RFC 5280, 4.1.2.5: two digits of the year up to 2049, four from then on. */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050 ? element(TAG.utcTime, Buffer.from(digits.slice(2))) : element(TAG.generalizedTime, Buffer.from(digits));
}
