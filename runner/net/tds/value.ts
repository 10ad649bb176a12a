import { isUtf8 } from "node:buffer";
import { decodeError } from "../transport/message-session.js";
import type { TdsReader } from "./reader.js";
import { TYPE, type TypeInfo } from "./type-info.js";

/** A number that a double may not hold is text, as is a time; bytes stay bytes. */
export type TdsValue = string | number | boolean | null | Buffer;

/** 0x80 to 0x9F in Windows-1252, which TextDecoder of Node 20 takes for Latin-1. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

export function readValue(reader: TdsReader, info: TypeInfo): TdsValue {
  const bytes = readBytes(reader, info);
  return bytes === null ? null : (READERS.get(info.name)?.(bytes, info.scale) ?? bytes);
}

const NULL_SHORT = 0xffff;
const NULL_PIECES = 0xffff_ffff_ffff_ffffn;
/** Before a text or image: where it is, and when it changed. */
const LONG_TIMESTAMP_BYTES = 8;

function readBytes(reader: TdsReader, { type, length }: TypeInfo): Buffer | null {
  if (typeof length === "number") return type === TYPE.null ? null : reader.take(length);
  if (length === "byte") {
    const count = reader.uint8();
    return count === 0 ? null : reader.take(count);
  }
  if (length === "short") {
    const count = reader.uint16();
    return count === NULL_SHORT ? null : reader.take(count);
  }
  if (length === "pieces") return readPieces(reader);
  if (type === TYPE.variant) {
    const count = reader.uint32();
    return count === 0 ? null : reader.take(count);
  }
  const pointerBytes = reader.uint8();
  if (pointerBytes === 0) return null;
  reader.take(pointerBytes + LONG_TIMESTAMP_BYTES);
  return reader.take(reader.uint32());
}

function readPieces(reader: TdsReader): Buffer | null {
  if (reader.take(8).readBigUInt64LE() === NULL_PIECES) return null;
  const pieces: Buffer[] = [];
  for (let length = reader.uint32(); length > 0; length = reader.uint32()) pieces.push(reader.take(length));
  return Buffer.concat(pieces);
}

type ReadBytes = (bytes: Buffer, scale: number) => TdsValue;

const asUnicode: ReadBytes = (bytes) => bytes.toString("utf16le");
/** UTF-8, or the code page of most collations: what a text's own collation says is not read. */
const asCharacters: ReadBytes = (bytes) =>
  isUtf8(bytes)
    ? bytes.toString("utf8")
    : bytes.toString("latin1").replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80] as string);
const asDatetime: ReadBytes = (bytes) => (bytes.length === 4 ? smallDatetime(bytes) : datetime(sized(bytes, 8)));
const asFloat: ReadBytes = (bytes) => (bytes.length === 4 ? bytes.readFloatLE() : sized(bytes, 8).readDoubleLE());
const asDecimal: ReadBytes = (bytes, scale) => decimal(bytes.subarray(1), scale, bytes[0] === 0);

/** By the names of types. Any other value is shown as its bytes. */
const READERS: ReadonlyMap<string, ReadBytes> = new Map<string, ReadBytes>([
  ["tinyint", wholeNumber],
  ["smallint", wholeNumber],
  ["int", wholeNumber],
  ["bigint", wholeNumber],
  ["bit", (bytes) => bytes[0] !== 0],
  ["real", asFloat],
  ["float", asFloat],
  ["decimal", asDecimal],
  ["numeric", asDecimal],
  ["money", money],
  ["smallmoney", money],
  ["uniqueidentifier", (bytes) => guid(sized(bytes, 16))],
  ["datetime", asDatetime],
  ["smalldatetime", asDatetime],
  ["date", day],
  ["time", timeOfDay],
  ["datetime2", (bytes, scale) => `${day(bytes.subarray(-3))} ${timeOfDay(bytes.subarray(0, -3), scale)}`],
  // The time is in UTC, and the last two bytes say where it was written.
  ["datetimeoffset", (bytes, scale) => `${day(bytes.subarray(-5, -2))} ${timeOfDay(bytes.subarray(0, -5), scale)}Z`],
  ["nvarchar", asUnicode],
  ["nchar", asUnicode],
  ["ntext", asUnicode],
  ["xml", asUnicode],
  ["varchar", asCharacters],
  ["char", asCharacters],
  ["text", asCharacters],
]);

function wholeNumber(bytes: Buffer): number | string {
  // A tinyint has no sign.
  if (bytes.length === 1) return bytes[0] as number;
  if (bytes.length === 2) return bytes.readInt16LE();
  return bytes.length === 4 ? bytes.readInt32LE() : sized(bytes, 8).readBigInt64LE().toString();
}

const MAX_DECIMAL_BYTES = 16;

function decimal(bytes: Buffer, scale: number, isNegative: boolean): string {
  if (bytes.length > MAX_DECIMAL_BYTES) throw decodeError("protocol_violation", `a decimal of ${bytes.length} bytes`);
  const digits = bytes.length === 0 ? "0" : BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`).toString();
  return `${isNegative ? "-" : ""}${withPoint(digits, scale)}`;
}

/** Of ten thousandths; the upper half of a money comes first. */
function money(bytes: Buffer): string {
  const value = bytes.length === 4 ? BigInt(bytes.readInt32LE()) : (BigInt(sized(bytes, 8).readInt32LE()) << 32n) | BigInt(bytes.readUInt32LE(4));
  return `${value < 0n ? "-" : ""}${withPoint((value < 0n ? -value : value).toString(), 4)}`;
}

function withPoint(digits: string, scale: number): string {
  if (scale === 0) return digits;
  const padded = digits.padStart(scale + 1, "0");
  return `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** Its first three parts are little-endian. */
function guid(bytes: Buffer): string {
  const part = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).reverse().toString("hex");
  return `${part(0, 4)}-${part(4, 6)}-${part(6, 8)}-${bytes.toString("hex", 8, 10)}-${bytes.toString("hex", 10)}`;
}

const DAY_MS = 86_400_000;
const YEAR_1900 = Date.UTC(1900, 0, 1);
/** 0001-01-01, which Date.UTC would take for 1901. */
const YEAR_1 = Date.parse("0001-01-01T00:00:00Z");

/** Days since 1900, and three hundredths of a second. */
function datetime(bytes: Buffer): string {
  return local(YEAR_1900 + bytes.readInt32LE() * DAY_MS + Math.round((bytes.readUInt32LE(4) * 10) / 3));
}

/** Days since 1900, and minutes. */
function smallDatetime(bytes: Buffer): string {
  return local(YEAR_1900 + bytes.readUInt16LE() * DAY_MS + bytes.readUInt16LE(2) * 60_000);
}

function day(bytes: Buffer): string {
  return local(YEAR_1 + sized(bytes, 3).readUIntLE(0, 3) * DAY_MS).slice(0, 10);
}

/** A time without a zone, as the server shows it. */
function local(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) throw decodeError("protocol_violation", "a time out of range");
  return date.toISOString().replace("T", " ").replace("Z", "");
}

const MAX_SCALE = 7;

/** Units of 10^-scale seconds since midnight. */
function timeOfDay(bytes: Buffer, scale: number): string {
  if (bytes.length < 3 || bytes.length > 5 || scale > MAX_SCALE) throw decodeError("protocol_violation", "a time of an unknown size");
  const units = bytes.readUIntLE(0, bytes.length);
  const perSecond = 10 ** scale;
  const seconds = Math.floor(units / perSecond);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return scale === 0 ? clock : `${clock}.${String(units % perSecond).padStart(scale, "0")}`;
}

function sized(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw decodeError("protocol_violation", `a value of ${bytes.length} bytes, not ${length}`);
  return bytes;
}
