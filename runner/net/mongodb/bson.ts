import { decodeError } from "../transport/message-session.js";
import { decimalText } from "./decimal.js";

/** A document keeps its order; a key may be any text. */
export type BsonDocument = Map<string, BsonValue>;
/** Numbers that JSON does not hold exactly, times and object ids are text. */
export type BsonValue = number | string | boolean | null | Buffer | BsonDocument | readonly BsonValue[];

/** What a command is written as: the order of its keys counts. */
export type CommandValue = number | string | boolean | null | Buffer | readonly CommandValue[] | { readonly [key: string]: CommandValue };

const LIMITS = { depth: 32, values: 20_000 } as const;

/** bsonspec.org, version 1.1. */
const TYPE = {
  double: 0x01,
  text: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  expression: 0x0b,
  code: 0x0d,
  symbol: 0x0e,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal: 0x13,
  maxKey: 0x7f,
  minKey: 0xff,
} as const;

export function decodeDocument(bytes: Buffer): BsonDocument {
  return new DocumentReader(bytes).read();
}

class DocumentReader {
  #at = 0;
  #values = 0;

  constructor(readonly bytes: Buffer) {}

  read(): BsonDocument {
    const document = this.#document(0);
    if (this.#at !== this.bytes.length) throw malformed("bytes after its end");
    return document;
  }

  #document(depth: number): BsonDocument {
    if (depth > LIMITS.depth) throw decodeError("limit_exceeded", `a document that is nested more than ${LIMITS.depth} deep`);
    const rest = this.#length(5);
    const end = this.#at + rest;
    const document: BsonDocument = new Map();
    for (let type = this.#byte(); type !== 0; type = this.#byte()) {
      if (++this.#values > LIMITS.values) throw decodeError("limit_exceeded", `a document of more than ${LIMITS.values} values`);
      const key = this.#key();
      document.set(key, this.#value(type, depth));
    }
    if (this.#at !== end) throw malformed("another length than it says");
    return document;
  }

  #value(type: number, depth: number): BsonValue {
    switch (type) {
      case TYPE.double:
        return finite(this.#take(8).readDoubleLE(0));
      case TYPE.text:
      case TYPE.code:
      case TYPE.symbol:
        return this.#text();
      case TYPE.document:
        return this.#document(depth + 1);
      case TYPE.array:
        return [...this.#document(depth + 1).values()];
      case TYPE.binary:
        return this.#binary();
      case TYPE.objectId:
        return this.#take(12).toString("hex");
      case TYPE.boolean:
        return this.#byte() !== 0;
      case TYPE.date:
        return dateText(this.#take(8).readBigInt64LE(0));
      case TYPE.undefined:
      case TYPE.null:
        return null;
      case TYPE.expression:
        return `/${this.#key()}/${this.#key()}`;
      case TYPE.int32:
        return this.#take(4).readInt32LE(0);
      case TYPE.timestamp:
        // Its second half is the seconds.
        return dateText(BigInt(this.#take(8).readUInt32LE(4)) * 1000n);
      case TYPE.int64:
        return exact(this.#take(8).readBigInt64LE(0));
      case TYPE.decimal:
        return decimalText(this.#take(16));
      case TYPE.maxKey:
      case TYPE.minKey:
        return type === TYPE.maxKey ? "MaxKey" : "MinKey";
      default:
        throw malformed(`a value of the type ${type}`);
    }
  }

  #text(): string {
    const bytes = this.#take(this.#length(1, 0));
    if (bytes.at(-1) !== 0) throw malformed("a text without its end");
    return bytes.toString("utf8", 0, bytes.length - 1);
  }

  #binary(): Buffer {
    const length = this.#length(0, 0);
    this.#byte();
    return this.#take(length);
  }

  #key(): string {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) throw malformed("a key without its end");
    const key = this.bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return key;
  }

  /** `counted` bytes of the length's own are part of it. */
  #length(min: number, counted = 4): number {
    const length = this.#take(4).readInt32LE(0);
    if (length < min || length - counted > this.bytes.length - this.#at) throw malformed(`a length of ${length} bytes`);
    return length - counted;
  }

  #byte(): number {
    return this.#take(1)[0] as number;
  }

  #take(count: number): Buffer {
    if (count > this.bytes.length - this.#at) throw malformed("it ends too early");
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }
}

function malformed(what: string) {
  return decodeError("protocol_violation", `the answer is not BSON: ${what}`);
}

function exact(value: bigint): number | string {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The last moment that a Date knows. */
const MAX_TIME = 8_640_000_000_000_000n;

function dateText(milliseconds: bigint): string {
  return milliseconds >= -MAX_TIME && milliseconds <= MAX_TIME ? new Date(Number(milliseconds)).toISOString() : milliseconds.toString();
}

export function encodeDocument(document: { readonly [key: string]: CommandValue }): Buffer {
  const values = Object.entries(document).map(([key, value]) => encodeValue(key, value));
  const body = Buffer.concat([...values, Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 4), body]);
}

function encodeValue(key: string, value: CommandValue): Buffer {
  // It would end the key, and what follows would be read as a value.
  if (key.includes("\0")) throw new Error("a key holds NUL");
  const encoded = (type: number, ...parts: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from([type]), Buffer.from(`${key}\0`), ...parts]);
  if (value === null) return encoded(TYPE.null);
  if (typeof value === "boolean") return encoded(TYPE.boolean, Buffer.from([value ? 1 : 0]));
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? encoded(TYPE.int32, int32(value)) : encoded(...wide(value));
  if (typeof value === "string") return encoded(TYPE.text, int32(Buffer.byteLength(value) + 1), Buffer.from(`${value}\0`));
  if (Buffer.isBuffer(value)) return encoded(TYPE.binary, int32(value.length), Buffer.from([0]), value);
  if (Array.isArray(value)) return encoded(TYPE.array, encodeDocument(Object.fromEntries(value.map((item: CommandValue, index) => [String(index), item]))));
  return encoded(TYPE.document, encodeDocument(value as { readonly [key: string]: CommandValue }));
}

function wide(value: number): [number, Buffer] {
  const bytes = Buffer.alloc(8);
  if (!Number.isSafeInteger(value)) {
    bytes.writeDoubleLE(value, 0);
    return [TYPE.double, bytes];
  }
  bytes.writeBigInt64LE(BigInt(value), 0);
  return [TYPE.int64, bytes];
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}
