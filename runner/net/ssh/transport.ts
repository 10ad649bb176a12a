import { monotonic } from "../../run/clock.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import { uint32 } from "./wire.js";

/** What a server may send before its keys are known. */
const LIMITS = {
  /** RFC 4253, section 4.2 allows lines before the identification, and does not say how many. */
  lines: 50,
  /** The identification has 255 characters at most; the lines before it are texts for people. */
  line_bytes: 4096,
  /** Section 6.1: 35,000 bytes must be taken. More is an attack. */
  packet_bytes: 35_000,
  /** Messages that may come at any time. */
  idle_messages: 32,
} as const;

const BLOCK_BYTES = 8;
const LEAST_PADDING_BYTES = 4;

/** RFC 4419, section 5. The group has the number that is the reply of the other methods. */
const GROUP_EXCHANGE = { groupRequest: 34, group: 31, groupInit: 32, groupReply: 33 } as const;

export const MESSAGE = { disconnect: 1, ignore: 2, unimplemented: 3, debug: 4, kexInit: 20, kexReply: 31, kexRequest: 30, ...GROUP_EXCHANGE } as const;

export interface Identification {
  /** As it was sent, without its line end. */
  readonly text: string;
  readonly linesBefore: readonly string[];
}

/** The unencrypted beginning of SSH (RFC 4253): identification lines and packets. */
export class SshTransport implements ConnectionReader {
  #received = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #waiting: { resolve(): void; reject(error: FailureError): void } | null = null;
  #broken: Break | null = null;
  #arrivedAt = 0;
  #phase: "greeting" | "key_exchange" = "greeting";

  constructor(
    readonly connection: Connection,
    readonly timeoutMs: number,
  ) {
    connection.readBy(this);
  }

  /** When the last bytes arrived, on the monotonic clock. */
  get arrivedAt(): number {
    return this.#arrivedAt === 0 ? monotonic() : this.#arrivedAt;
  }

  received(text: string, at: number): void {
    this.#arrivedAt = at;
    this.#chunks.push(Buffer.from(text, "latin1"));
    this.#wake();
  }

  broken(reason: Break): void {
    this.#broken = reason;
    this.#wake();
  }

  /** Lines end with LF, by the standard with CR LF. */
  async identification(): Promise<Identification> {
    const linesBefore: string[] = [];
    for (;;) {
      const line = await this.#line();
      if (line.startsWith("SSH-")) {
        this.#phase = "key_exchange";
        return { text: line, linesBefore };
      }
      linesBefore.push(line);
      if (linesBefore.length > LIMITS.lines) throw failureError("greeting", "limit_exceeded", `more than ${LIMITS.lines} lines before the identification`);
    }
  }

  sendLine(text: string): void {
    this.connection.write(`${text}\r\n`);
  }

  send(payload: Buffer): void {
    const unpadded = 5 + payload.length;
    let padding = BLOCK_BYTES - (unpadded % BLOCK_BYTES);
    if (padding < LEAST_PADDING_BYTES) padding += BLOCK_BYTES;
    this.connection.write(Buffer.concat([uint32(1 + payload.length + padding), Buffer.from([padding]), payload, Buffer.alloc(padding)]));
  }

  /** The next message that is not one of those that may come at any time. */
  async message(): Promise<Buffer> {
    for (let idle = 0; idle <= LIMITS.idle_messages; idle++) {
      const payload = await this.#packet();
      const kind = payload[0];
      if (kind === MESSAGE.disconnect) throw disconnected(payload);
      if (kind !== MESSAGE.ignore && kind !== MESSAGE.debug && kind !== MESSAGE.unimplemented) return payload;
    }
    throw failureError("key_exchange", "limit_exceeded", `more than ${LIMITS.idle_messages} messages of no use`);
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf(0x0a);
      if (end > LIMITS.line_bytes || (end === -1 && this.#received.length > LIMITS.line_bytes))
        throw failureError("greeting", "limit_exceeded", `a line of more than ${LIMITS.line_bytes} bytes`);
      if (end !== -1)
        return this.#take(end + 1)
          .toString("latin1")
          .replace(/\r?\n$/, "");
      await this.#more();
    }
  }

  async #packet(): Promise<Buffer> {
    while (this.#received.length < 5) await this.#more();
    const length = this.#received.readUInt32BE(0);
    const padding = this.#received[4] as number;
    if (length > LIMITS.packet_bytes) throw failureError("key_exchange", "limit_exceeded", `a packet of ${length} bytes: the limit is ${LIMITS.packet_bytes}`);
    if (length < 2 + padding) throw failureError("key_exchange", "protocol_violation", `a packet of ${length} bytes with ${padding} bytes of padding`);
    while (this.#received.length < 4 + length) await this.#more();
    return Buffer.from(this.#take(4 + length).subarray(5, 4 + length - padding));
  }

  #take(length: number): Buffer {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.#chunks.length === 0) {
      if (this.#broken !== null) throw failureError(this.#phase, this.#broken.code, this.#broken.message);
      this.connection.waitAtMost(this.timeoutMs);
      await new Promise<void>((resolve, reject) => (this.#waiting = { resolve, reject }));
      this.connection.waitNoMore();
    }
    this.#received = Buffer.concat([this.#received, ...this.#chunks.splice(0)]);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    if (this.#chunks.length === 0 && this.#broken !== null) waiting.reject(failureError(this.#phase, this.#broken.code, this.#broken.message));
    else waiting.resolve();
  }
}

/** RFC 4253, section 11.1. */
function disconnected(payload: Buffer): FailureError {
  const length = payload.length >= 9 ? payload.readUInt32BE(5) : 0;
  const words = payload.subarray(9, 9 + Math.min(length, 500)).toString("latin1");
  return failureError("key_exchange", "closed", `the server disconnects with reason ${payload.length >= 5 ? payload.readUInt32BE(1) : "none"}: ${words}`);
}
