import { randomBytes } from "node:crypto";
import { failureError } from "../../run/failure-error.js";

/** RFC 6455, section 5.2. */
export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
const KNOWN: ReadonlySet<number> = new Set(Object.values(OPCODE));

const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
/** Section 5.5: a control frame is short and not fragmented. */
const MAX_CONTROL_BYTES = 125;

export interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A frame as a client sends it: whole, and masked with a new key (section 5.3). */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const key = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let index = 0; index < masked.length; index++) masked[index] = (masked[index] as number) ^ (key[index % 4] as number);
  return Buffer.concat([headOf(opcode, payload.length), key, masked]);
}

function headOf(opcode: number, length: number): Buffer {
  if (length <= MAX_CONTROL_BYTES) return Buffer.from([FINAL | opcode, MASKED | length]);
  if (length < 0x1_0000) {
    const head = Buffer.from([FINAL | opcode, MASKED | 126, 0, 0]);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.alloc(10);
  head[0] = FINAL | opcode;
  head[1] = MASKED | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** Cuts what a server sends into frames. Throws a FailureError for a frame that a server must not send, and for one that is too long. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** How many bytes the next step needs: nothing is joined before they are there, so that a slow peer costs no time. */
  #needed = 2;
  #pending = Buffer.alloc(0);

  constructor(readonly mostBytes: number) {}

  /** The frames that are complete, one by one: those before a frame that must not be are given before it throws. */
  *push(bytes: Buffer): Generator<Frame, void, undefined> {
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.length;
    if (this.#chunkBytes < this.#needed) return;
    this.#pending = Buffer.concat(this.#chunks);
    for (let frame = this.#next(); frame !== null; frame = this.#next()) yield frame;
    this.#chunks = [this.#pending];
    this.#chunkBytes = this.#pending.length;
  }

  #next(): Frame | null {
    const head = this.#readHead();
    if (head === null) return null;
    const end = head.start + head.length;
    if (this.#lacks(end)) return null;
    const payload = this.#pending.subarray(head.start, end);
    this.#pending = this.#pending.subarray(end);
    return { isFinal: head.isFinal, opcode: head.opcode, payload };
  }

  #lacks(bytes: number): boolean {
    this.#needed = bytes;
    return this.#pending.length < bytes;
  }

  #readHead(): { isFinal: boolean; opcode: number; start: number; length: number } | null {
    if (this.#lacks(2)) return null;
    const [first, second] = this.#pending as unknown as [number, number];
    const opcode = first & 0x0f;
    const isFinal = (first & FINAL) !== 0;
    if ((first & RESERVED) !== 0) throw violation("a frame has a reserved bit set, and no extension was negotiated");
    if (!KNOWN.has(opcode)) throw violation(`a frame has the reserved opcode ${opcode}`);
    if ((second & MASKED) !== 0) throw violation("the server masks its frames");
    const short = second & 0x7f;
    if (opcode >= OPCODE.close && (short > MAX_CONTROL_BYTES || !isFinal)) throw violation("a control frame is fragmented or longer than 125 bytes");
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (this.#lacks(start)) return null;
    const length = short === 126 ? this.#pending.readUInt16BE(2) : short === 127 ? Number(this.#pending.readBigUInt64BE(2)) : short;
    if (length > this.mostBytes) throw failureError("body", "limit_exceeded", `a WebSocket frame of ${length} bytes: the limit is ${this.mostBytes}`);
    return { isFinal, opcode, start, length };
  }
}

export function violation(message: string) {
  return failureError("body", "protocol_violation", message);
}
