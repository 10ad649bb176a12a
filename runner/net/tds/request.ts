import { text8, uint16, uint32, unicode } from "./encode.js";
import { TYPE } from "./type-info.js";

export interface Parameter {
  /** Without the @. */
  readonly name: string;
  readonly value: string | number | boolean | null;
}

/** No transaction. */
export const NO_TRANSACTION = Buffer.alloc(8);

/** A batch: a text of ours, without parameters ([MS-TDS] 2.2.6.7). Its settings hold for the session. */
export function encodeBatch(sql: string, transaction: Buffer): Buffer {
  return Buffer.concat([headers(transaction), unicode(sql)]);
}

const SP_EXECUTESQL = 10;

/** A call of sp_executesql: a text with parameters, which stay values whatever is in them ([MS-TDS] 2.2.6.6). */
export function encodeExecute(sql: string, parameters: readonly Parameter[], transaction: Buffer): Buffer {
  const declarations = parameters.map(({ name, value }) => `@${name} ${declaredType(value)}`).join(", ");
  const own = [encodeParameter("", sql), ...(parameters.length === 0 ? [] : [encodeParameter("", declarations)])];
  const call = Buffer.concat([uint16(0xffff), uint16(SP_EXECUTESQL), uint16(0)]);
  return Buffer.concat([headers(transaction), call, ...own, ...parameters.map(({ name, value }) => encodeParameter(`@${name}`, value))]);
}

export function declaredType(value: Parameter["value"]): string {
  if (typeof value === "number") return Number.isSafeInteger(value) ? "bigint" : "float";
  return typeof value === "boolean" ? "bit" : "nvarchar(max)";
}

/** One header, which names the transaction ([MS-TDS] 2.2.5.3.2). */
function headers(transaction: Buffer): Buffer {
  return Buffer.concat([uint32(22), uint32(18), uint16(2), transaction, uint32(1)]);
}

/** Latin1_General: it decides nothing for texts in UTF-16. */
const COLLATION = Buffer.of(0x09, 0x04, 0xd0, 0x00, 0x34);

function encodeParameter(name: string, value: Parameter["value"]): Buffer {
  return Buffer.concat([text8(name), Buffer.of(0), encodeValue(value)]);
}

function encodeValue(value: Parameter["value"]): Buffer {
  if (typeof value === "boolean") return Buffer.of(TYPE.bitN, 1, 1, value ? 1 : 0);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(8);
    const isWhole = Number.isSafeInteger(value);
    if (isWhole) bytes.writeBigInt64LE(BigInt(value));
    else bytes.writeDoubleLE(value);
    return Buffer.concat([Buffer.of(isWhole ? TYPE.intN : TYPE.floatN, 8, 8), bytes]);
  }
  const type = Buffer.concat([Buffer.of(TYPE.nvarchar), uint16(0xffff), COLLATION]);
  if (value === null) return Buffer.concat([type, Buffer.alloc(8, 0xff)]);
  const text = unicode(value);
  const total = Buffer.alloc(8);
  total.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([type, total, ...(text.length === 0 ? [] : [uint32(text.length), text]), uint32(0)]);
}
