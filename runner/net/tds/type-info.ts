import { decodeError } from "../transport/message-session.js";
import type { TdsReader } from "./reader.js";

/** The data types by their tokens ([MS-TDS] 2.2.5.4). */
export const TYPE = {
  null: 0x1f,
  int1: 0x30,
  bit: 0x32,
  int2: 0x34,
  int4: 0x38,
  datetime4: 0x3a,
  float4: 0x3b,
  money: 0x3c,
  datetime: 0x3d,
  float8: 0x3e,
  money4: 0x7a,
  int8: 0x7f,
  guid: 0x24,
  intN: 0x26,
  bitN: 0x68,
  decimalN: 0x6a,
  numericN: 0x6c,
  floatN: 0x6d,
  moneyN: 0x6e,
  datetimeN: 0x6f,
  date: 0x28,
  time: 0x29,
  datetime2: 0x2a,
  datetimeOffset: 0x2b,
  varbinary: 0xa5,
  varchar: 0xa7,
  binary: 0xad,
  char: 0xaf,
  nvarchar: 0xe7,
  nchar: 0xef,
  image: 0x22,
  text: 0x23,
  ntext: 0x63,
  variant: 0x62,
  xml: 0xf1,
  udt: 0xf0,
} as const;

/** How the values of a column are written. */
export interface TypeInfo {
  readonly type: number;
  /** As the server's documents call it. */
  readonly name: string;
  /** How the length of a value is given: it is fixed, in one, two or four bytes, or the value comes in pieces. */
  readonly length: number | "byte" | "short" | "long" | "pieces";
  readonly scale: number;
}

const FIXED: ReadonlyMap<number, readonly [name: string, bytes: number]> = new Map([
  [TYPE.null, ["null", 0]],
  [TYPE.int1, ["tinyint", 1]],
  [TYPE.bit, ["bit", 1]],
  [TYPE.int2, ["smallint", 2]],
  [TYPE.int4, ["int", 4]],
  [TYPE.datetime4, ["smalldatetime", 4]],
  [TYPE.float4, ["real", 4]],
  [TYPE.money, ["money", 8]],
  [TYPE.datetime, ["datetime", 8]],
  [TYPE.float8, ["float", 8]],
  [TYPE.money4, ["smallmoney", 4]],
  [TYPE.int8, ["bigint", 8]],
]);
/** Types with a size in their description. */
const SIZED: ReadonlyMap<number, readonly string[]> = new Map([
  [TYPE.guid, ["uniqueidentifier"]],
  [TYPE.intN, ["bigint", "tinyint", "smallint", "int"]],
  [TYPE.bitN, ["bit"]],
  [TYPE.floatN, ["float", "real"]],
  [TYPE.moneyN, ["money", "smallmoney"]],
  [TYPE.datetimeN, ["datetime", "smalldatetime"]],
]);
const SIZED_NAMES: Readonly<Record<string, number>> = { tinyint: 1, smallint: 2, int: 4, real: 4, smallmoney: 4, smalldatetime: 4 };
const CHARACTERS: ReadonlyMap<number, string> = new Map([
  [TYPE.varchar, "varchar"],
  [TYPE.char, "char"],
  [TYPE.nvarchar, "nvarchar"],
  [TYPE.nchar, "nchar"],
]);
const BYTES: ReadonlyMap<number, string> = new Map([
  [TYPE.varbinary, "varbinary"],
  [TYPE.binary, "binary"],
]);
const LONG: ReadonlyMap<number, string> = new Map([
  [TYPE.image, "image"],
  [TYPE.text, "text"],
  [TYPE.ntext, "ntext"],
]);
const TIMES: ReadonlyMap<number, string> = new Map([
  [TYPE.time, "time"],
  [TYPE.datetime2, "datetime2"],
  [TYPE.datetimeOffset, "datetimeoffset"],
]);
const COLLATION_BYTES = 5;
/** The length of a varchar(max): its values come in pieces. */
const IN_PIECES = 0xffff;

export function readTypeInfo(reader: TdsReader): TypeInfo {
  const type = reader.uint8();
  const info = (name: string, length: TypeInfo["length"], scale = 0): TypeInfo => ({ type, name, length, scale });
  const fixed = FIXED.get(type);
  if (fixed !== undefined) return info(...fixed);
  const sized = SIZED.get(type);
  if (sized !== undefined) return info(sizedName(sized, reader.uint8()), "byte");
  if (type === TYPE.decimalN || type === TYPE.numericN) {
    // The size and the precision say nothing that a value does not.
    const [, , scale = 0] = reader.take(3);
    return info(type === TYPE.decimalN ? "decimal" : "numeric", "byte", scale);
  }
  if (type === TYPE.date) return info("date", "byte");
  const time = TIMES.get(type);
  if (time !== undefined) return info(time, "byte", reader.uint8());
  const characters = CHARACTERS.get(type) ?? BYTES.get(type);
  if (characters !== undefined) {
    const length = reader.uint16() === IN_PIECES ? "pieces" : "short";
    if (CHARACTERS.has(type)) reader.take(COLLATION_BYTES);
    return info(characters, length);
  }
  return readLargeType(reader, type, info);
}

function readLargeType(reader: TdsReader, type: number, info: (name: string, length: TypeInfo["length"]) => TypeInfo): TypeInfo {
  const long = LONG.get(type);
  if (long !== undefined) {
    reader.uint32();
    if (type !== TYPE.image) reader.take(COLLATION_BYTES);
    return info(long, "long");
  }
  if (type === TYPE.variant) {
    reader.uint32();
    return info("sql_variant", "long");
  }
  if (type === TYPE.xml) {
    // The names of its schema: database, owner, collection.
    if (reader.uint8() === 1) for (const read of ["text8", "text8", "text16"] as const) reader[read]();
    return info("xml", "pieces");
  }
  if (type === TYPE.udt) {
    reader.uint16();
    for (const read of ["text8", "text8", "text8", "text16"] as const) reader[read]();
    return info("udt", "pieces");
  }
  throw decodeError("unsupported", `a column of the type ${type}, which is not known here`);
}

function sizedName(names: readonly string[], bytes: number): string {
  return names.find((name) => SIZED_NAMES[name] === bytes) ?? (names[0] as string);
}
