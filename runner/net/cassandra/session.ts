import type { Phase } from "../../../schemas/failure.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import { MessageSession } from "../transport/message-session.js";
import { CassandraDecoder, type CassandraFrame, encodeFrame, FrameReader, longBytes, OPCODE, textMap, uint16 } from "./frame.js";
import { type CassandraRow, readRows } from "./result.js";

export interface ServerError {
  readonly code: number;
  readonly message: string;
}

/** What a server can do, by its names: PROTOCOL_VERSIONS, CQL_VERSION, COMPRESSION. */
export type Supported = ReadonlyMap<string, readonly string[]>;

const ONE = 1;
const MAX_TEXT_CHARACTERS = 2000;
/** Unavailable, overloaded, bootstrapping, and time-outs within the cluster. */
const RETRYABLE: ReadonlySet<number> = new Set([0x1000, 0x1001, 0x1002, 0x1100, 0x1200]);

/** A session by version 4 of Cassandra's native protocol: one request, one answer. */
export class CassandraSession {
  /** The last error. */
  error: ServerError | null = null;
  readonly #session: MessageSession<CassandraFrame>;
  #stream = 0;

  constructor(
    readonly connection: Connection,
    timeoutMs: number,
  ) {
    this.#session = new MessageSession(connection, new CassandraDecoder(), timeoutMs);
  }

  async options(phase: Phase): Promise<{ supported: Supported; duration_ms: number }> {
    const { answer, duration_ms } = await this.#ask("OPTIONS", phase, OPCODE.options, [], [OPCODE.supported], ({ body }) => readSupported(body));
    return { supported: answer, duration_ms };
  }

  /** The class that the server authenticates by; null if it wants no login. */
  async startup(cqlVersion: string): Promise<string | null> {
    const options = textMap({ CQL_VERSION: cqlVersion, DRIVER_NAME: "probe-run" });
    const read = ({ opcode, body }: CassandraFrame): string | null => (opcode === OPCODE.ready ? null : new FrameReader(body).text());
    return (await this.#ask("STARTUP", "greeting", OPCODE.startup, [options], [OPCODE.ready, OPCODE.authenticate], read)).answer;
  }

  /** PLAIN (RFC 4616), which is what Cassandra's own authenticator takes. */
  async logIn(username: string, password: string): Promise<void> {
    const plain = longBytes(Buffer.from(`\0${username}\0${password}`));
    await this.#ask("AUTH_RESPONSE", "auth", OPCODE.authResponse, [plain], [OPCODE.authSuccess, OPCODE.authChallenge], ({ opcode }) => {
      if (opcode === OPCODE.authChallenge) throw failureError("auth", "unsupported", "the server wants another login than by a user name and a password");
    });
  }

  /** One of our own questions. */
  async query(name: string, cql: string): Promise<{ rows: CassandraRow[]; duration_ms: number }> {
    const text = [longBytes(Buffer.from(cql)), uint16(ONE), Buffer.from([0])];
    const { answer, duration_ms } = await this.#ask(name, "command", OPCODE.query, text, [OPCODE.result], ({ body }) => readRows(body));
    return { rows: answer, duration_ms };
  }

  close(): void {
    this.#session.close();
  }

  async #ask<Answer>(
    name: string,
    phase: Phase,
    opcode: number,
    parts: readonly Buffer[],
    expected: readonly number[],
    read: (frame: CassandraFrame) => Answer,
  ): Promise<{ answer: Answer; duration_ms: number }> {
    this.#stream += 1;
    const stream = this.#stream;
    const { answer, operation } = await this.#session.operation(name, phase, async (running) => {
      this.#session.send(encodeFrame(opcode, stream, ...parts));
      const frame = await this.#session.next();
      if (frame.opcode === OPCODE.error) {
        this.error = readServerError(frame.body);
        throw rejected(phase, this.error);
      }
      if (frame.stream !== stream || !expected.includes(frame.opcode))
        throw failureError(phase, "protocol_violation", `a frame of the kind ${frame.opcode} in stream ${frame.stream}, which nothing asked for`);
      return { answer: read(frame), operation: running };
    });
    return { answer, duration_ms: operation.duration_ms ?? 0 };
  }
}

export function readServerError(body: Buffer): ServerError {
  const reader = new FrameReader(body);
  return { code: reader.int32(), message: reader.text().slice(0, MAX_TEXT_CHARACTERS) };
}

function readSupported(body: Buffer): Supported {
  const reader = new FrameReader(body);
  return new Map(Array.from({ length: reader.uint16() }, () => [reader.text(), reader.texts()]));
}

function rejected(phase: Phase, { code, message }: ServerError): FailureError {
  const { failure } = failureError(phase, "reply_rejected", `${message} (0x${code.toString(16).padStart(4, "0")})`);
  return new FailureError({ ...failure, retryable: RETRYABLE.has(code) });
}
