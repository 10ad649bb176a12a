import { ByteQueue } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";
import { type BsonDocument, type CommandValue, decodeDocument, encodeDocument } from "./bson.js";

/** An answer: OP_MSG of MongoDB's wire protocol, with one document. */
export interface MongoMessage {
  /** The request that it answers. */
  readonly responseTo: number;
  readonly document: BsonDocument;
}

const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** The flags, the kind of the section, and a document that is empty. */
const MIN_BYTES = HEADER_BYTES + 4 + 1 + 5;
const MAX_BYTES = 1024 * 1024;
const FLAG = { checksum: 1, moreToCome: 2 } as const;
const CHECKSUM_BYTES = 4;

export class MongoDecoder implements MessageDecoder<MongoMessage> {
  readonly #bytes = new ByteQueue();

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): MongoMessage | null {
    const length = this.#bytes.peek(4)?.readInt32LE(0);
    if (length === undefined) return null;
    if (length < MIN_BYTES) throw decodeError("protocol_violation", `a message of ${length} bytes`);
    if (length > MAX_BYTES) throw decodeError("limit_exceeded", `a message of ${length} bytes: the limit is ${MAX_BYTES}`);
    const operation = this.#bytes.peek(HEADER_BYTES)?.readInt32LE(12);
    if (operation !== undefined && operation !== OP_MSG) throw decodeError("protocol_violation", `a message of the kind ${operation}, which nothing asked for`);
    const bytes = this.#bytes.take(length);
    return bytes === null ? null : decodeMessage(bytes);
  }
}

function decodeMessage(bytes: Buffer): MongoMessage {
  const flags = bytes.readUInt32LE(HEADER_BYTES);
  if ((flags & ~FLAG.checksum) !== 0) throw decodeError("protocol_violation", "a message that others follow, or with unknown flags");
  const kind = bytes[HEADER_BYTES + 4];
  if (kind !== 0) throw decodeError("protocol_violation", `a section of the kind ${kind}, which answers do not have`);
  const end = bytes.length - ((flags & FLAG.checksum) === 0 ? 0 : CHECKSUM_BYTES);
  return { responseTo: bytes.readInt32LE(8), document: decodeDocument(bytes.subarray(HEADER_BYTES + 5, end)) };
}

export function encodeMessage(id: number, responseTo: number, document: { readonly [key: string]: CommandValue }): Buffer {
  const body = encodeDocument(document);
  const header = Buffer.alloc(HEADER_BYTES + 5);
  header.writeInt32LE(header.length + body.length, 0);
  header.writeInt32LE(id, 4);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([header, body]);
}
