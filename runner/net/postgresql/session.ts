import type { Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import { failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import { MessageSession } from "../transport/message-session.js";
import { encodeMessage, FieldReader, int32, PostgresDecoder, type PostgresMessage } from "./message.js";
import { readServerError, rejected, type ServerError } from "./server-error.js";

const PROTOCOL_3_0 = 196_608;
/** Notices, notifications and parameters between the messages that are awaited. */
const MAX_UNASKED = 1000;

/** A session with a PostgreSQL server (protocol 3.0). An error of the server is kept, and is a failure. */
export class PostgresSession {
  /** What the server reports of itself, as server_version. */
  readonly parameters = new Map<string, string>();
  /** The last error. */
  error: ServerError | null = null;
  readonly #session: MessageSession<PostgresMessage>;
  #unasked = 0;

  constructor(
    readonly connection: Connection,
    timeoutMs: number,
  ) {
    this.#session = new MessageSession(connection, new PostgresDecoder(), timeoutMs);
  }

  /** When the message that was read last had arrived. */
  get arrivedAt(): number {
    return this.#session.arrivedAt;
  }

  /** The first message; its answer is the server's wish for a login, or its error. */
  start<Answer>(parameters: Readonly<Record<string, string>>, read: (answer: PostgresMessage) => Answer): Promise<Answer> {
    const texts = Object.entries(parameters).flat();
    return this.operation("greeting", "greeting", async () => {
      this.send(encodeMessage("", int32(PROTOCOL_3_0), ...texts, 0));
      return read(await this.expect("R"));
    });
  }

  operation<Result>(name: string, phase: Phase, step: (operation: Operation) => Promise<Result>): Promise<Result> {
    return this.#session.operation(name, phase, step);
  }

  send(...messages: readonly Buffer[]): void {
    this.#session.send(messages.length === 1 ? (messages[0] as Buffer) : Buffer.concat(messages));
  }

  /** The next message that is awaited: another is a violation, and an error is a failure. */
  async expect(types: string): Promise<PostgresMessage> {
    const message = await this.#next();
    if (types.includes(message.type)) return message;
    throw failureError(this.#session.phase, "protocol_violation", `a message of type ${message.type}, where one of ${types} is due`);
  }

  /** Reads on until the server is ready for the next command. An error is thrown after that, so that the session can continue. */
  async untilReady(take: (message: PostgresMessage) => void): Promise<void> {
    let failed: ServerError | null = null;
    for (;;) {
      const message = await this.#next((error) => (failed = error));
      if (message.type === "Z") break;
      if (failed === null) take(message);
    }
    if (failed !== null) throw rejected(this.#session.phase, failed);
  }

  /** One of our own texts, which may hold several statements. The rows are their values as text. */
  async query(name: string, phase: Phase, sql: string): Promise<{ rows: (string | null)[][]; duration_ms: number }> {
    const rows: (string | null)[][] = [];
    const operation = await this.operation(name, phase, async (running) => {
      this.send(encodeMessage("Q", sql));
      await this.untilReady(({ type, body }) => {
        if (type === "D") rows.push(readRow(body).map((value) => value?.toString("utf8") ?? null));
        else if (!"TCI".includes(type)) throw this.unexpected(type);
        if (rows.length > MAX_UNASKED) throw failureError(phase, "limit_exceeded", `more than ${MAX_UNASKED} rows`);
      });
      return running;
    });
    return { rows, duration_ms: operation.duration_ms ?? 0 };
  }

  unexpected(type: string): Error {
    return failureError(this.#session.phase, "protocol_violation", `a message of type ${type} that nothing asked for`);
  }

  /** Terminate, and the connection's end. */
  close(): void {
    this.send(encodeMessage("X"));
    this.#session.close();
  }

  /** `onError` takes an error; without it, it is thrown. */
  async #next(onError?: (error: ServerError) => void): Promise<PostgresMessage> {
    for (;;) {
      const message = await this.#session.next();
      if (message.type === "E") {
        this.error = readServerError(message.body);
        // After a fatal error the server closes the connection, and never becomes ready.
        if (onError === undefined || this.error.severity === "FATAL" || this.error.severity === "PANIC") throw rejected(this.#session.phase, this.error);
        onError(this.error);
      } else if (message.type === "S") this.#remember(message.body);
      else if (!"NA".includes(message.type)) return message;
      if (++this.#unasked > MAX_UNASKED) throw failureError(this.#session.phase, "limit_exceeded", `more than ${MAX_UNASKED} notices and parameters`);
    }
  }

  #remember(body: Buffer): void {
    const reader = new FieldReader(body);
    this.parameters.set(reader.text(), reader.text());
  }
}

/** DataRow: null stands for NULL. */
export function readRow(body: Buffer): (Buffer | null)[] {
  const reader = new FieldReader(body);
  return Array.from({ length: Math.max(0, reader.int16()) }, () => {
    const length = reader.int32();
    return length === -1 ? null : reader.take(length);
  });
}
