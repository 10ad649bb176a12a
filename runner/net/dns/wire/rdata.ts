import { RECORD_TYPES, typeName } from "../../../../schemas/dns-types.js";
import { locationText } from "./location.js";
import { readNameBytes, WireError } from "./name.js";

/** What a record holds: its bytes in canonical form, which signatures cover, and as a master file shows it. */
export interface RecordData {
  readonly bytes: Buffer;
  readonly text: string;
}

/** Where reading stands: pointers lead anywhere in the message, the rest ends with the record. */
interface Cursor {
  readonly message: Buffer;
  offset: number;
  readonly end: number;
}

interface Part {
  readonly bytes: Buffer;
  readonly text: string;
}

type Field = (cursor: Cursor) => Part;

export function readData(message: Buffer, type: number, start: number, end: number): RecordData {
  const layout = LAYOUTS.get(type);
  if (layout === undefined) return unknownData(message.subarray(start, end));
  const cursor: Cursor = { message, offset: start, end };
  const parts = layout.map((field) => field(cursor));
  if (cursor.offset !== end) throw new WireError(`a ${typeName(type)} record of the wrong length`);
  return { bytes: Buffer.concat(parts.map(({ bytes }) => bytes)), text: joined(parts) };
}

/** A part may be empty: an HTTPS record without parameters, a bitmap without types. */
function joined(parts: readonly Part[]): string {
  return parts.flatMap(({ text }) => (text === "" ? [] : [text])).join(" ");
}

/** RFC 3597, section 5. */
function unknownData(bytes: Buffer): RecordData {
  return { bytes: Buffer.from(bytes), text: unknownText(bytes) };
}

function unknownText(bytes: Buffer): string {
  return bytes.length === 0 ? "\\# 0" : `\\# ${bytes.length} ${bytes.toString("hex")}`;
}

function take(cursor: Cursor, length: number): Buffer {
  if (cursor.offset + length > cursor.end) throw new WireError("a record that ends too early");
  const bytes = cursor.message.subarray(cursor.offset, cursor.offset + length);
  cursor.offset += length;
  return bytes;
}

function fixed(length: number, show: (bytes: Buffer) => string): Field {
  return (cursor) => {
    const bytes = take(cursor, length);
    return { bytes, text: show(bytes) };
  };
}

function rest(show: (bytes: Buffer) => string): Field {
  return (cursor) => {
    const bytes = take(cursor, cursor.end - cursor.offset);
    return { bytes, text: show(bytes) };
  };
}

/** RFC 6840, section 5.1: the next name of an NSEC record keeps its case; so do the names of newer types. */
function nameField(isLowered: boolean): Field {
  return (cursor) => {
    const { name, end, bytes } = readNameBytes(cursor.message, cursor.offset, isLowered);
    if (end > cursor.end) throw new WireError("a record that ends within a name");
    cursor.offset = end;
    return { bytes, text: name === "." ? name : `${name}.` };
  };
}

function strings(cursor: Cursor): Part {
  const parts: Part[] = [];
  while (cursor.offset < cursor.end) parts.push(characterString(cursor));
  return { bytes: Buffer.concat(parts.map(({ bytes }) => bytes)), text: parts.map(({ text }) => text).join(" ") };
}

function characterString(cursor: Cursor): Part {
  const [length = 0] = take(cursor, 1);
  const bytes = take(cursor, length);
  return { bytes: Buffer.concat([Buffer.of(length), bytes]), text: quoted(bytes) };
}

function quoted(bytes: Buffer): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte > 0x7e) text += `\\${String(byte).padStart(3, "0")}`;
    else text += character === '"' || character === "\\" ? `\\${character}` : character;
  }
  return `"${text}"`;
}

/** The tag of a CAA record is a word. */
function tag(cursor: Cursor): Part {
  const { bytes, text } = characterString(cursor);
  return { bytes, text: text.slice(1, -1) };
}

function salt(cursor: Cursor): Part {
  const [length = 0] = take(cursor, 1);
  const bytes = take(cursor, length);
  return { bytes: Buffer.concat([Buffer.of(length), bytes]), text: length === 0 ? "-" : bytes.toString("hex") };
}

function hash(cursor: Cursor): Part {
  const [length = 0] = take(cursor, 1);
  const bytes = take(cursor, length);
  return { bytes: Buffer.concat([Buffer.of(length), bytes]), text: base32Hex(bytes) };
}

/** RFC 4648, section 7, in lower case and without padding, as NSEC3 owner names have it. */
export function base32Hex(bytes: Buffer): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += DIGITS[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + DIGITS[(value << (5 - bits)) & 31];
}

const DIGITS = "0123456789abcdefghijklmnopqrstuv";

/** The types of a bitmap (RFC 4034, section 4.1.2). */
export function typesIn(bitmap: Buffer): readonly number[] {
  const types: number[] = [];
  let last = -1;
  for (let offset = 0; offset < bitmap.length; ) {
    const [window = 0, length = 0] = bitmap.subarray(offset, offset + 2);
    if (window <= last || length < 1 || length > 32 || offset + 2 + length > bitmap.length) throw new WireError("a bitmap of types that is malformed");
    last = window;
    for (let index = 0; index < length; index++) {
      const byte = bitmap[offset + 2 + index] as number;
      for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) types.push(window * 256 + index * 8 + bit);
    }
    offset += 2 + length;
  }
  return types;
}

/** Service parameters by name (RFC 9460, section 14.3.2). */
const PARAMETERS = ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath"] as const;

function serviceParameters(cursor: Cursor): Part {
  const from = cursor.offset;
  const shown: string[] = [];
  while (cursor.offset < cursor.end) {
    const key = take(cursor, 2).readUInt16BE(0);
    const value = take(cursor, take(cursor, 2).readUInt16BE(0));
    const shownValue = parameterText(key, value);
    const name = PARAMETERS[key] ?? `key${key}`;
    shown.push(shownValue === "" ? name : `${name}=${shownValue}`);
  }
  return { bytes: cursor.message.subarray(from, cursor.end), text: shown.join(" ") };
}

function parameterText(key: number, value: Buffer): string {
  switch (PARAMETERS[key]) {
    case "mandatory":
      return chunks(value, 2)
        .map((part) => PARAMETERS[part.readUInt16BE(0)] ?? `key${part.readUInt16BE(0)}`)
        .join(",");
    case "alpn":
      return protocolsIn(value)
        .map((protocol) => quoted(protocol).slice(1, -1))
        .join(",");
    case "port":
      return value.length === 2 ? String(value.readUInt16BE(0)) : quoted(value);
    case "ipv4hint":
      return chunks(value, 4).map(ipv4).join(",");
    case "ipv6hint":
      return chunks(value, 16).map(ipv6).join(",");
    case "ech":
      return value.toString("base64");
    default:
      return value.length === 0 ? "" : quoted(value);
  }
}

function chunks(value: Buffer, size: number): Buffer[] {
  if (value.length === 0 || value.length % size !== 0) throw new WireError("a service parameter of the wrong length");
  return Array.from({ length: value.length / size }, (_, index) => value.subarray(index * size, (index + 1) * size));
}

function protocolsIn(value: Buffer): Buffer[] {
  const cursor: Cursor = { message: value, offset: 0, end: value.length };
  const protocols: Buffer[] = [];
  while (cursor.offset < cursor.end) protocols.push(take(cursor, take(cursor, 1)[0] as number));
  return protocols;
}

function ipv4(bytes: Buffer): string {
  return [...bytes].join(".");
}

/** RFC 5952: the first of the longest runs of zeros is shortened. */
function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const run = groups
    .join(":")
    .match(/\b0(?::0)+\b/g)
    ?.reduce((longest, each) => (each.length > longest.length ? each : longest), "");
  if (run === undefined || run === "") return groups.join(":");
  return groups.join(":").replace(new RegExp(`(^|:)${run}(:|$)`), "::");
}

/** Seconds since 1970 as master files have them: YYYYMMDDHHmmSS. */
function time(bytes: Buffer): string {
  return new Date(bytes.readUInt32BE(0) * 1000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "");
}

const name = nameField(true);
const plainName = nameField(false);
const byte = fixed(1, (bytes) => String(bytes[0]));
const short = fixed(2, (bytes) => String(bytes.readUInt16BE(0)));
const long = fixed(4, (bytes) => String(bytes.readUInt32BE(0)));
const moment = fixed(4, time);
const hex = rest((bytes) => bytes.toString("hex").toUpperCase());
const base64 = rest((bytes) => bytes.toString("base64"));
const remainder = rest(quoted);
const location = rest((bytes) => locationText(bytes) ?? unknownText(bytes));
const bitmap = rest((bytes) => typesIn(bytes).map(typeName).join(" "));
const covered = fixed(2, (bytes) => typeName(bytes.readUInt16BE(0)));

const T = RECORD_TYPES;
const LAYOUTS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [T.A, [fixed(4, ipv4)]],
  [T.AAAA, [fixed(16, ipv6)]],
  ...[T.NS, T.CNAME, T.PTR, T.DNAME].map((type) => [type, [name]] as const),
  [T.SOA, [name, name, long, long, long, long, long]],
  ...[T.MX, T.AFSDB, T.KX].map((type) => [type, [short, name]] as const),
  ...[T.TXT, T.SPF].map((type) => [type, [strings]] as const),
  [T.HINFO, [characterString, characterString]],
  [T.RP, [name, name]],
  [T.LOC, [location]],
  [T.SRV, [short, short, short, name]],
  [T.NAPTR, [short, short, characterString, characterString, characterString, name]],
  [T.CERT, [short, short, byte, base64]],
  ...[T.DS, T.CDS].map((type) => [type, [short, byte, byte, hex]] as const),
  [T.SSHFP, [byte, byte, hex]],
  [T.RRSIG, [covered, byte, byte, long, moment, moment, short, name, base64]],
  [T.NSEC, [plainName, bitmap]],
  ...[T.DNSKEY, T.CDNSKEY].map((type) => [type, [short, byte, byte, base64]] as const),
  ...[T.DHCID, T.OPENPGPKEY].map((type) => [type, [base64]] as const),
  [T.NSEC3, [byte, byte, short, salt, hash, bitmap]],
  [T.NSEC3PARAM, [byte, byte, short, salt]],
  ...[T.TLSA, T.SMIMEA].map((type) => [type, [byte, byte, byte, hex]] as const),
  [T.CSYNC, [long, short, bitmap]],
  [T.ZONEMD, [long, byte, byte, hex]],
  ...[T.SVCB, T.HTTPS].map((type) => [type, [short, plainName, serviceParameters]] as const),
  [T.URI, [short, short, remainder]],
  [T.CAA, [byte, tag, remainder]],
]);
