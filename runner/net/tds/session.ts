import type { Phase } from "../../../schemas/failure.js";
import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { counted } from "../../support/counted.js";
import type { Connection } from "../transport/connection.js";
import { MessageSession } from "../transport/message-session.js";
import { encodeLogin, type Login } from "./login.js";
import { encodeTds, PACKET, TdsDecoder, type TdsPacket } from "./packet.js";
import { type Encryption, encodePreLogin, type PreLogin, readPreLogin } from "./prelogin.js";
import { encodeBatch, encodeExecute, NO_TRANSACTION, type Parameter } from "./request.js";
import { holdsRow, readTokens, type SqlServerError, type TdsAnswer } from "./tokens.js";

export interface Result extends Pick<TdsAnswer, "columns" | "rows"> {
  readonly firstRowMs: number | null;
  readonly durationMs: number;
}

const MAX_PRELOGIN_BYTES = 16 * 1024;
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** The first row is looked for in so many packets: columns take no more. */
const MAX_PACKETS_OF_COLUMNS = 16;
const FIRST_ERROR_SEVERITY = 11;
/** The server starts, is busy, or moves the database; deadlocks, and limits of resources. */
const RETRYABLE: ReadonlySet<number> = new Set([1205, 10928, 10929, 17142, 17187, 17188, 17809, 40197, 40501, 40613, 49918, 49919, 49920]);

/** A conversation with SQL Server: one request, one message of tokens. */
export class TdsSession {
  /** The last error. */
  error: SqlServerError | null = null;
  readonly #session: MessageSession<TdsPacket>;
  #transaction: Buffer = NO_TRANSACTION;

  constructor(
    readonly connection: Connection,
    timeoutMs: number,
  ) {
    this.#session = new MessageSession(connection, new TdsDecoder(), timeoutMs);
  }

  async preLogin(encryption: Encryption): Promise<PreLogin> {
    return this.#session.operation("PRELOGIN", "greeting", async (operation) => {
      this.#session.send(encodeTds(PACKET.preLogin, encodePreLogin(encryption)));
      const answer = readPreLogin((await this.#receive(MAX_PRELOGIN_BYTES)).message);
      operation.message = `version ${answer.version}, encryption ${answer.encryption}`;
      return answer;
    });
  }

  /** The name of the database that is used. */
  async logIn(login: Login): Promise<string | null> {
    const { answer } = await this.#ask("LOGIN7", "auth", PACKET.login, encodeLogin(login), 0);
    if (answer.route !== null)
      throw failureError("auth", "unsupported", `the server sends its clients to ${answer.route}, which is not followed: name that one`);
    if (!answer.isLoggedIn) throw failureError("auth", "protocol_violation", "the server neither accepts nor refuses the login");
    return answer.database;
  }

  /** One text with parameters, of whose rows so many are kept. */
  async query(name: string, phase: Phase, sql: string, parameters: readonly Parameter[], maxRows: number): Promise<Result> {
    const { answer, ...times } = await this.#ask(name, phase, PACKET.rpc, encodeExecute(sql, parameters, this.#transaction), maxRows);
    return { columns: answer.columns, rows: answer.rows, ...times };
  }

  /** A text of ours without parameters and result. Its settings hold for the session; those of a text with parameters end with it. */
  async batch(name: string, phase: Phase, sql: string): Promise<void> {
    await this.#ask(name, phase, PACKET.batch, encodeBatch(sql, this.#transaction), 0);
  }

  /** When the last answer had arrived. */
  get arrivedAt(): number {
    return this.#session.arrivedAt;
  }

  requireNothingUnread(): void {
    this.#session.requireNothingUnread();
  }

  close(): void {
    this.#session.close();
  }

  #ask(name: string, phase: Phase, type: number, body: Buffer, maxRows: number): Promise<{ answer: TdsAnswer; firstRowMs: number | null; durationMs: number }> {
    const session = this.#session;
    return session.operation(name, phase, async (operation) => {
      const sentAt = monotonic();
      session.send(encodeTds(type, body));
      const { message, firstRowAt } = await this.#receive(MAX_MESSAGE_BYTES);
      const answer = readTokens(message, maxRows);
      this.#transaction = answer.transaction ?? this.#transaction;
      const error = answer.errors.find(({ severity }) => severity >= FIRST_ERROR_SEVERITY);
      if (error !== undefined) {
        this.error = error;
        operation.message = `${error.message} (${error.number})`;
        throw rejected(phase, error);
      }
      if (answer.columns.length > 0) operation.message = counted(answer.rows.length, "row");
      return { answer, firstRowMs: firstRowAt === null ? null : firstRowAt - sentAt, durationMs: session.arrivedAt - sentAt };
    });
  }

  async #receive(maxBytes: number): Promise<{ message: Buffer; firstRowAt: number | null }> {
    const parts: Buffer[] = [];
    let length = 0;
    let firstRowAt: number | null = null;
    for (;;) {
      const { body, isLast } = await this.#session.next();
      parts.push(body);
      length += body.length;
      if (length > maxBytes) throw failureError(this.#session.phase, "limit_exceeded", `an answer of more than ${maxBytes} bytes`);
      if (firstRowAt === null && parts.length <= MAX_PACKETS_OF_COLUMNS && holdsRow(Buffer.concat(parts))) firstRowAt = this.#session.arrivedAt;
      if (isLast) return { message: Buffer.concat(parts), firstRowAt };
    }
  }
}

function rejected(phase: Phase, { number, message }: SqlServerError): FailureError {
  const { failure } = failureError(phase, "reply_rejected", `${message} (${number})`);
  return new FailureError({ ...failure, retryable: RETRYABLE.has(number) });
}
