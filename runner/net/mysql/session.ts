import type { Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import { failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import { MessageSession } from "../transport/message-session.js";
import { encodePacket, MysqlDecoder, type MysqlPacket, PacketReader } from "./packet.js";
import { readColumn, readTextRow } from "./result.js";
import { readServerError, rejected, type ServerError } from "./server-error.js";

export const COMMAND = { quit: 0x01, query: 0x03, ping: 0x0e, prepare: 0x16, execute: 0x17 } as const;
/** How the first packet of an answer begins. */
const ANSWER = { ok: 0x00, localInfile: 0xfb, end: 0xfe, error: 0xff } as const;
const LONGEST_END_BYTES = 8;
const MAX_ROWS = 1000;
const MAX_COLUMNS = 4096;

export interface TextRow {
  readonly [name: string]: string | null;
}

/** A session with a MySQL or MariaDB server. An error of the server is kept, and is a failure. */
export class MysqlSession {
  /** The last error. */
  error: ServerError | null = null;
  readonly #session: MessageSession<MysqlPacket>;
  #number = -1;

  constructor(
    readonly connection: Connection,
    timeoutMs: number,
  ) {
    this.#session = new MessageSession(connection, new MysqlDecoder(), timeoutMs);
  }

  /** When the packet that was read last had arrived. */
  get arrivedAt(): number {
    return this.#session.arrivedAt;
  }

  operation<Result>(name: string, phase: Phase, step: (operation: Operation) => Promise<Result>): Promise<Result> {
    return this.#session.operation(name, phase, step);
  }

  /** Starts a command: packet numbers begin at 0 again. */
  command(code: number, ...parts: readonly (string | Buffer)[]): void {
    this.#number = -1;
    this.send(code, ...parts);
  }

  send(...parts: readonly (number | string | Buffer)[]): void {
    this.#number = (this.#number + 1) & 255;
    this.#session.send(encodePacket(this.#number, ...parts));
  }

  /** The next packet; an error of the server is thrown. */
  async next(): Promise<Buffer> {
    const { number, body } = await this.#session.next();
    this.#number = (this.#number + 1) & 255;
    if (number !== this.#number) throw failureError(this.#session.phase, "protocol_violation", `packet ${number}, where ${this.#number} is due`);
    if (body[0] !== ANSWER.error) return body;
    this.error = readServerError(body);
    throw rejected(this.#session.phase, this.error);
  }

  /** An OK packet. */
  async done(): Promise<void> {
    const body = await this.next();
    if (body[0] !== ANSWER.ok) throw this.unexpected(body);
  }

  /** One of our own texts. */
  query(name: string, phase: Phase, sql: string): Promise<{ rows: TextRow[]; duration_ms: number }> {
    return this.operation(name, phase, async (operation) => {
      this.command(COMMAND.query, sql);
      const rows = await this.#textRows();
      return { rows, operation };
    }).then(({ rows, operation }) => ({ rows, duration_ms: operation.duration_ms ?? 0 }));
  }

  async ping(): Promise<number> {
    const operation = await this.operation("ping", "command", async (running) => {
      this.command(COMMAND.ping);
      await this.done();
      return running;
    });
    return operation.duration_ms ?? 0;
  }

  async columns(count: number): Promise<ReturnType<typeof readColumn>[]> {
    if (count > MAX_COLUMNS) throw failureError(this.#session.phase, "limit_exceeded", `${count} columns`);
    const columns: ReturnType<typeof readColumn>[] = [];
    while (columns.length < count) columns.push(readColumn(await this.next()));
    if (count > 0 && !isEnd(await this.next())) throw failureError(this.#session.phase, "protocol_violation", "more columns than were announced");
    return columns;
  }

  unexpected(body: Buffer): Error {
    const words =
      body[0] === ANSWER.localInfile
        ? "the server asks for a file of this machine (LOCAL INFILE), which it does not get"
        : "an answer of another kind than is due";
    return failureError(this.#session.phase, "protocol_violation", words);
  }

  requireNothingUnread(): void {
    this.#session.requireNothingUnread();
  }

  close(): void {
    this.command(COMMAND.quit);
    this.#session.close();
  }

  /** The rows of an answer in text; none if it has none. */
  async #textRows(): Promise<TextRow[]> {
    const first = await this.next();
    if (first[0] === ANSWER.ok) return [];
    const columns = await this.columns(this.countOf(first));
    const rows: TextRow[] = [];
    for (let body = await this.next(); !isEnd(body); body = await this.next()) {
      const values = readTextRow(body, columns.length);
      rows.push(Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null])));
      if (rows.length > MAX_ROWS) throw failureError(this.#session.phase, "limit_exceeded", `more than ${MAX_ROWS} rows`);
    }
    return rows;
  }

  /** The number of columns, with which an answer that has rows begins. */
  countOf(first: Buffer): number {
    const count = first[0] === ANSWER.localInfile ? null : new PacketReader(first).size();
    if (count === null || count === 0) throw this.unexpected(first);
    return count;
  }
}

/** EOF. A row may begin with the same byte, and is longer then. */
export function isEnd(body: Buffer): boolean {
  return body[0] === ANSWER.end && body.length <= LONGEST_END_BYTES;
}
