import type { FailureCode, Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { Break, Connection, ConnectionReader } from "./connection.js";

/** Cuts what arrives into the messages of a protocol. It throws what decodeError() makes for bytes that cannot be one. */
export interface MessageDecoder<Message> {
  push(bytes: Buffer): void;
  /** Null until the next message is complete. */
  next(): Message | null;
  /** Bytes that have arrived and are not used yet. */
  readonly pendingBytes: number;
}

/** A decoder does not know in which phase it works: the session replaces it. */
export function decodeError(code: FailureCode, message: string): FailureError {
  return failureError("command", code, message);
}

/** What a peer may send that nothing has asked for. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

interface Waiting<Message> {
  resolve(message: Message): void;
  reject(error: FailureError): void;
}

/** A conversation of binary messages on one connection, whose messages are read one at a time. */
export class MessageSession<Message> implements ConnectionReader {
  /** What a failure names. */
  phase: Phase = "greeting";
  #waiting: Waiting<Message> | null = null;
  #broken: FailureError | null = null;
  #arrivedAt = 0;

  constructor(
    readonly connection: Connection,
    readonly decoder: MessageDecoder<Message>,
    readonly timeoutMs: number,
  ) {
    connection.readBy(this);
  }

  /** When the message that was read last had arrived, on the monotonic clock. */
  get arrivedAt(): number {
    return this.#arrivedAt;
  }

  send(bytes: Uint8Array): void {
    if (this.#broken === null) this.connection.write(bytes);
  }

  /** The next message. What arrived before the connection was lost is read first. */
  next(): Promise<Message> {
    const message = this.#decode();
    if (message !== null) return Promise.resolve(message);
    if (this.#broken !== null) return Promise.reject(this.#broken);
    this.connection.waitAtMost(this.timeoutMs);
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  /** One step of the run, in its own phase: it ends when the last message arrived that `step` has read, and gives its code and words itself. */
  async operation<Result>(name: string, phase: Phase, step: (operation: Operation) => Promise<Result>): Promise<Result> {
    const { recorder } = this.connection.run;
    this.phase = phase;
    const operation = recorder.begin(name);
    const beganAt = monotonic();
    try {
      return await step(operation);
    } catch (error) {
      // What reads the parts of a message does not know the phase, either.
      throw error instanceof FailureError && error.failure.phase === "command" ? this.#inPhase(error) : error;
    } finally {
      recorder.end(operation, operation.code, operation.message, this.#arrivedAt > beganAt ? this.#arrivedAt : monotonic());
    }
  }

  /** Plain text after a server's go-ahead for TLS is not the server's (CVE-2011-0411). */
  requireNothingUnread(): void {
    if (this.decoder.pendingBytes > 0 || this.connection.unreadBytes > 0)
      throw failureError(
        "starttls",
        "protocol_violation",
        "the server sent plain text after its go-ahead for TLS: a response injection, or a server that is open to one",
      );
  }

  close(): void {
    this.connection.waitNoMore();
    this.connection.close();
  }

  received(text: string, at: number): void {
    if (this.#broken !== null) return;
    this.#arrivedAt = at;
    this.decoder.push(Buffer.from(text, "latin1"));
    const waiting = this.#waiting;
    if (waiting === null) {
      if (this.decoder.pendingBytes > MAX_PENDING_BYTES) this.#fail(this.#inPhase(decodeError("limit_exceeded", `${MAX_PENDING_BYTES} bytes unasked`)));
      return;
    }
    const message = this.#decode();
    if (message === null) return;
    this.#waiting = null;
    this.connection.waitNoMore();
    waiting.resolve(message);
  }

  broken({ code, message }: Break): void {
    this.#fail(failureError(this.phase, code, message));
  }

  #decode(): Message | null {
    try {
      return this.decoder.next();
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.#fail(this.#inPhase(error));
      return null;
    }
  }

  #inPhase({ failure, reply }: FailureError): FailureError {
    return new FailureError({ ...failure, phase: this.phase }, reply);
  }

  #fail(error: FailureError): void {
    this.#broken ??= error;
    this.connection.waitNoMore();
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#broken);
  }
}
