import type { DataValue } from "../../../schemas/data.js";
import { decodeError } from "../transport/message-session.js";
import { PacketReader } from "./packet.js";

export interface Column {
  readonly name: string;
  readonly type: number;
  readonly isUnsigned: boolean;
}

/** MYSQL_TYPE_…; what is not here is bytes. */
export const TYPE = {
  decimal: 0x00,
  tiny: 0x01,
  short: 0x02,
  long: 0x03,
  float: 0x04,
  double: 0x05,
  null: 0x06,
  timestamp: 0x07,
  longlong: 0x08,
  int24: 0x09,
  date: 0x0a,
  time: 0x0b,
  datetime: 0x0c,
  year: 0x0d,
  newdecimal: 0xf6,
  varString: 0xfd,
} as const;

const UNSIGNED = 0x20;

export function readColumn(body: Buffer): Column {
  const reader = new PacketReader(body);
  // Catalogue, schema, table and original table; then the name and the original name.
  for (let skipped = 0; skipped < 4; skipped++) reader.sized();
  const name = (reader.sized() ?? Buffer.alloc(0)).toString("utf8");
  reader.sized();
  // The length of what follows, the character set, and the width.
  reader.take(7);
  const type = reader.byte();
  return { name, type, isUnsigned: (reader.unsigned(2) & UNSIGNED) !== 0 };
}

/** A row of the text protocol. */
export function readTextRow(body: Buffer, columns: number): (string | null)[] {
  const reader = new PacketReader(body);
  return Array.from({ length: columns }, () => reader.sized()?.toString("utf8") ?? null);
}

/** A row of the binary protocol: numbers as they are, bytes for the rest. */
export function readBinaryRow(body: Buffer, columns: readonly Column[]): (DataValue | Buffer)[] {
  const reader = new PacketReader(body);
  if (reader.byte() !== 0) throw decodeError("protocol_violation", "a row that does not begin as one");
  // The first two bits are not used.
  const nulls = reader.take(Math.floor((columns.length + 9) / 8));
  return columns.map((column, index) => {
    const bit = index + 2;
    return ((nulls[bit >> 3] as number) & (1 << (bit & 7))) === 0 ? readValue(reader, column) : null;
  });
}

function readValue(reader: PacketReader, { type, isUnsigned }: Column): DataValue | Buffer {
  switch (type) {
    case TYPE.tiny:
      return isUnsigned ? reader.byte() : reader.take(1).readInt8(0);
    case TYPE.short:
    case TYPE.year:
      return isUnsigned ? reader.unsigned(2) : reader.take(2).readInt16LE(0);
    case TYPE.long:
    case TYPE.int24:
      return isUnsigned ? reader.unsigned(4) : reader.take(4).readInt32LE(0);
    case TYPE.longlong:
      return exact(isUnsigned ? reader.take(8).readBigUInt64LE(0) : reader.take(8).readBigInt64LE(0));
    case TYPE.float:
      // A single has seven digits: what a double shows beyond them is not the server's.
      return finite(Number(reader.take(4).readFloatLE(0).toPrecision(7)));
    case TYPE.double:
      return finite(reader.take(8).readDoubleLE(0));
    case TYPE.date:
    case TYPE.datetime:
    case TYPE.timestamp:
      return dateText(reader, type === TYPE.date);
    case TYPE.time:
      return timeText(reader);
    case TYPE.null:
      return null;
    default:
      return reader.sized();
  }
}

function exact(value: bigint): number | string {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** As the text protocol writes it: 2026-11-29 12:00:00.000001. */
function dateText(reader: PacketReader, isDate: boolean): string {
  const fields = new PacketReader(reader.take(reader.byte()));
  const part = (bytes: number): number => (fields.left >= bytes ? fields.unsigned(bytes) : 0);
  const date = [digits(part(2), 4), digits(part(1), 2), digits(part(1), 2)].join("-");
  if (isDate) return date;
  return `${date} ${[part(1), part(1), part(1)].map((number) => digits(number, 2)).join(":")}${fraction(part(4))}`;
}

function timeText(reader: PacketReader): string {
  const fields = new PacketReader(reader.take(reader.byte()));
  const part = (bytes: number): number => (fields.left >= bytes ? fields.unsigned(bytes) : 0);
  const sign = part(1) === 1 ? "-" : "";
  const hours = part(4) * 24 + part(1);
  return `${sign}${digits(hours, 2)}:${digits(part(1), 2)}:${digits(part(1), 2)}${fraction(part(4))}`;
}

function fraction(microseconds: number): string {
  return microseconds === 0 ? "" : `.${digits(microseconds, 6)}`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
