import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import { encodeFrame, type Frame, FrameReader, OPCODE, violation } from "./frames.js";

/** What a protocol needs of the connection that carries it: a Connection, or a WebSocket in between. */
export interface ByteChannel extends Pick<Connection, "run" | "readBy" | "waitAtMost" | "waitNoMore" | "close"> {
  write(bytes: Uint8Array): unknown;
}

/** One frame may not be longer. A message of the protocol inside may have any number of frames: it has its own limits. */
const MAX_FRAME_BYTES = 1024 * 1024;
/** Control frames without any data between them. */
const MAX_CONTROL_FRAMES = 100;

/** A protocol's bytes in the binary frames of a WebSocket (RFC 6455). The boundaries of frames mean nothing to it. */
export class WebSocketChannel implements ByteChannel, ConnectionReader {
  readonly #connection: Connection;
  readonly #frames = new FrameReader(MAX_FRAME_BYTES);
  #reader: ConnectionReader | null = null;
  #waiting: { text: string; at: number }[] = [];
  #broken: Break | null = null;
  #isFragmented = false;
  #controlFrames = 0;

  /** `rest` is what came together with the response to the opening handshake. */
  constructor(connection: Connection, rest: string) {
    this.#connection = connection;
    if (rest !== "") this.received(rest, monotonic());
    connection.readBy(this);
  }

  get run(): Connection["run"] {
    return this.#connection.run;
  }

  write(bytes: Uint8Array): void {
    this.#connection.write(encodeFrame(OPCODE.binary, Buffer.from(bytes)));
  }

  readBy(reader: ConnectionReader): void {
    this.#reader = reader;
    for (const { text, at } of this.#waiting.splice(0)) reader.received(text, at);
    if (this.#broken !== null) reader.broken(this.#broken, monotonic());
  }

  waitAtMost(milliseconds: number): void {
    this.#connection.waitAtMost(milliseconds);
  }

  waitNoMore(): void {
    this.#connection.waitNoMore();
  }

  /** The server's Close frame is not awaited: the protocol inside has said goodbye. */
  close(): void {
    if (this.#broken === null) this.#connection.write(encodeFrame(OPCODE.close, NORMAL_CLOSURE));
    this.#connection.close();
  }

  received(text: string, at: number): void {
    if (this.#broken !== null) return;
    try {
      for (const frame of this.#frames.push(Buffer.from(text, "latin1"))) this.#take(frame, at);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const { code, message } = error.failure;
      this.broken({ code, message }, at);
    }
  }

  broken(reason: Break, at: number): void {
    if (this.#broken !== null) return;
    this.#broken = reason;
    this.#reader?.broken(reason, at);
  }

  #take({ isFinal, opcode, payload }: Frame, at: number): void {
    if (opcode >= OPCODE.close) {
      this.#takeControl(opcode, payload);
      return;
    }
    // MQTT 5, section 6.0: everything else ends the connection.
    if (opcode === OPCODE.text) throw violation("a WebSocket frame with text, where the protocol inside is binary");
    if ((opcode === OPCODE.continuation) !== this.#isFragmented) throw violation("the fragments of a message are out of order");
    this.#isFragmented = !isFinal;
    this.#controlFrames = 0;
    const text = payload.toString("latin1");
    if (this.#reader === null) this.#waiting.push({ text, at });
    else this.#reader.received(text, at);
  }

  #takeControl(opcode: number, payload: Buffer): void {
    this.#controlFrames += 1;
    if (this.#controlFrames > MAX_CONTROL_FRAMES) throw failureError("body", "limit_exceeded", `more than ${MAX_CONTROL_FRAMES} control frames`);
    if (opcode === OPCODE.ping) this.#connection.write(encodeFrame(OPCODE.pong, payload));
    if (opcode !== OPCODE.close) return;
    const status = payload.length < 2 ? "no status" : `status ${payload.readUInt16BE(0)}`;
    throw failureError("body", "closed", `the server closed the WebSocket with ${status}`);
  }
}

/** RFC 6455, section 7.4.1: status 1000. */
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);
