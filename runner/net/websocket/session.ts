import { randomBytes } from "node:crypto";
import type { Operation } from "../../../schemas/operation.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import { encodeFrame, type Frame, FrameReader, OPCODE, violation } from "./frames.js";

/** A message longer than this is not read. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** Control frames that a server may send while something else is awaited. */
const MAX_CONTROL_FRAMES = 100;
/** RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
const NO_STATUS = 1005;

interface Awaited {
  readonly operation: Operation;
  readonly isAnswer: (opcode: number, payload: Buffer) => boolean;
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: FailureError) => void;
}

/** A WebSocket after its opening handshake (RFC 6455), for one question at a time. */
export class WebSocketSession implements ConnectionReader {
  /** The status of the server's Close frame; null before it came. */
  closeCode: number | null = null;
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #frames = new FrameReader(MAX_MESSAGE_BYTES);
  #fragments: Buffer[] = [];
  #fragmentBytes = 0;
  #messageOpcode: number | null = null;
  #controlFrames = 0;
  #awaited: Awaited | null = null;
  #broken: FailureError | null = null;

  constructor(connection: Connection, rest: string, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    // What came together with the response to the handshake.
    if (rest !== "") this.received(rest, 0);
    connection.readBy(this);
  }

  /** Sends a ping and waits for its pong. */
  async ping(): Promise<Operation> {
    const payload = randomBytes(8);
    return (await this.#ask("websocket ping", OPCODE.ping, payload, (opcode, answer) => opcode === OPCODE.pong && answer.equals(payload))).operation;
  }

  /** Sends a text message and waits for the next message of the server. */
  async exchange(text: string): Promise<{ operation: Operation; text: string }> {
    const isMessage = (opcode: number): boolean => opcode === OPCODE.text || opcode === OPCODE.binary;
    const { operation, payload } = await this.#ask("websocket message", OPCODE.text, Buffer.from(text), isMessage);
    return { operation, text: payload.toString("utf8") };
  }

  /** The closing handshake. A server that does not answer it is left. */
  async close(): Promise<void> {
    if (this.#broken === null && this.closeCode === null)
      await this.#ask("websocket close", OPCODE.close, statusBytes(NORMAL_CLOSURE), (opcode) => opcode === OPCODE.close).catch((error) => {
        if (!(error instanceof FailureError)) throw error;
      });
    this.#connection.waitNoMore();
    this.#connection.close();
  }

  async #ask(name: string, opcode: number, payload: Buffer, isAnswer: Awaited["isAnswer"]): Promise<{ operation: Operation; payload: Buffer }> {
    if (this.#broken !== null) throw this.#broken;
    const { recorder } = this.#connection.run;
    const operation = recorder.begin(name);
    const answered = new Promise<Buffer>((resolve, reject) => (this.#awaited = { operation, isAnswer, resolve, reject }));
    this.#connection.write(encodeFrame(opcode, payload));
    this.#connection.waitAtMost(this.#timeoutMs);
    return { operation, payload: await answered };
  }

  received(text: string, at: number): void {
    try {
      for (const frame of this.#frames.push(Buffer.from(text, "latin1"))) this.#take(frame, at);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.#fail(error);
    }
  }

  broken({ code, message }: Break): void {
    this.#fail(failureError("body", code, message));
  }

  #take({ isFinal, opcode, payload }: Frame, at: number): void {
    if (opcode >= OPCODE.close) {
      this.#takeControl(opcode, payload, at);
      return;
    }
    if ((opcode === OPCODE.continuation) !== (this.#messageOpcode !== null)) throw violation("the fragments of a message are out of order");
    this.#messageOpcode ??= opcode;
    this.#fragmentBytes += payload.length;
    if (this.#fragmentBytes > MAX_MESSAGE_BYTES) throw failureError("body", "limit_exceeded", `a WebSocket message of more than ${MAX_MESSAGE_BYTES} bytes`);
    this.#fragments.push(payload);
    if (!isFinal) return;
    const [whole, kind] = [Buffer.concat(this.#fragments), this.#messageOpcode];
    this.#fragments = [];
    this.#fragmentBytes = 0;
    this.#messageOpcode = null;
    if (kind === OPCODE.text && !isUtf8(whole)) throw violation("a text message is not UTF-8");
    this.#answer(kind, whole, at);
  }

  #takeControl(opcode: number, payload: Buffer, at: number): void {
    this.#controlFrames += 1;
    if (this.#controlFrames > MAX_CONTROL_FRAMES) throw failureError("body", "limit_exceeded", `more than ${MAX_CONTROL_FRAMES} control frames`);
    if (opcode === OPCODE.ping) this.#connection.write(encodeFrame(OPCODE.pong, payload));
    if (opcode === OPCODE.close) {
      if (payload.length === 1) throw violation("a Close frame has half a status code");
      this.closeCode ??= payload.length === 0 ? NO_STATUS : payload.readUInt16BE(0);
    }
    this.#answer(opcode, payload, at);
    if (opcode === OPCODE.close) this.#fail(failureError("body", "closed", `the server closed the WebSocket with status ${this.closeCode}`));
  }

  #answer(opcode: number, payload: Buffer, at: number): void {
    const awaited = this.#awaited;
    if (awaited === null || !awaited.isAnswer(opcode, payload)) return;
    this.#awaited = null;
    this.#connection.waitNoMore();
    this.#connection.run.recorder.end(awaited.operation, null, `${payload.length} bytes`, at);
    awaited.resolve(payload);
  }

  #fail(error: FailureError): void {
    this.#broken ??= error;
    this.#connection.waitNoMore();
    const awaited = this.#awaited;
    this.#awaited = null;
    awaited?.reject(error);
  }
}

function statusBytes(status: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(status);
  return bytes;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
