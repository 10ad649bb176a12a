import type { DataValue } from "../../../schemas/data.js";
import { failureError } from "../../run/failure-error.js";
import { encodeMessage, FieldReader, int16, int32, type PostgresMessage } from "./message.js";
import { type PostgresSession, readRow } from "./session.js";

export interface Query {
  readonly sql: string;
  readonly parameters: readonly DataValue[];
  readonly maxRows: number;
  readonly timeoutMs: number;
}

export interface Column {
  readonly name: string;
  readonly typeId: number;
}

export interface QueryResult {
  readonly columns: readonly Column[];
  readonly rows: readonly (Buffer | null)[][];
  /** The server has more rows. */
  readonly isCut: boolean;
  readonly firstRowMs: number | null;
  readonly durationMs: number;
}

const MAX_RESULT_BYTES = 1024 * 1024;
const SYNC = encodeMessage("S");
/** The server looks every second whether its client is still there; known since version 14. */
const CHECK_CONNECTION = "; SET LOCAL client_connection_check_interval = 1000";

/**
 * One statement in a transaction that the server itself keeps from writing. By the extended protocol a text holds one statement only, so none
 * can end the transaction; and a statement that gives no rows, such as COMMIT, SET or COPY, is refused before it is executed.
 */
export async function readOnlyQuery(session: PostgresSession, query: Query): Promise<QueryResult> {
  await begin(session, query.timeoutMs);
  const columns = await prepare(session, query.sql);
  if (columns === null) throw failureError("query", "not_permitted", "the statement gives no rows: only statements that read are executed");
  const result = await execute(session, query, columns);
  await session.query("ROLLBACK", "query", "ROLLBACK");
  return result;
}

async function begin(session: PostgresSession, timeoutMs: number): Promise<void> {
  const text = `BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeoutMs}`;
  const [major = "0"] = /^\d{1,4}/.exec(session.parameters.get("server_version") ?? "") ?? [];
  if (Number(major) < 14) {
    await session.query("BEGIN", "query", text);
    return;
  }
  try {
    await session.query("BEGIN", "query", text + CHECK_CONNECTION);
  } catch (error) {
    // Some systems cannot look: the parameter's value is invalid there.
    if (session.error?.code !== "22023") throw error;
    await session.query("ROLLBACK", "query", "ROLLBACK");
    await session.query("BEGIN", "query", text);
  }
}

/** The columns of the result; null for a statement without one. */
function prepare(session: PostgresSession, sql: string): Promise<Column[] | null> {
  return session.operation("prepare", "query", async () => {
    let columns: Column[] | null = null;
    session.send(encodeMessage("P", "", sql, int16(0)), encodeMessage("D", Buffer.from("S"), ""), SYNC);
    await session.untilReady(({ type, body }) => {
      if (type === "T") columns = readColumns(body);
      else if (!"1tn".includes(type)) throw session.unexpected(type);
    });
    return columns;
  });
}

async function execute(session: PostgresSession, { parameters, maxRows }: Query, columns: readonly Column[]): Promise<QueryResult> {
  const rows: (Buffer | null)[][] = [];
  let bytes = 0;
  let isCut = false;
  let firstRowAt: number | null = null;
  const operation = await session.operation("query", "query", async (running) => {
    session.send(encodeMessage("B", "", "", int16(0), ...encodeParameters(parameters), int16(0)), encodeMessage("E", "", int32(maxRows)), SYNC);
    await session.untilReady((message) => {
      if (message.type === "D") {
        firstRowAt ??= session.arrivedAt;
        bytes += message.body.length;
        rows.push(rowOf(message, columns));
        if (bytes > MAX_RESULT_BYTES) throw failureError("query", "limit_exceeded", `rows of more than ${MAX_RESULT_BYTES} bytes`);
        if (rows.length > maxRows) throw failureError("query", "protocol_violation", `more than the ${maxRows} rows that were asked for`);
      } else if (message.type === "s") isCut = true;
      else if (!"2C".includes(message.type)) throw session.unexpected(message.type);
    });
    return running;
  });
  const beganAt = session.connection.run.recorder.began + operation.at_ms;
  return { columns, rows, isCut, firstRowMs: firstRowAt === null ? null : firstRowAt - beganAt, durationMs: operation.duration_ms ?? 0 };
}

function rowOf({ body }: PostgresMessage, columns: readonly Column[]): (Buffer | null)[] {
  const row = readRow(body);
  if (row.length !== columns.length) throw failureError("query", "protocol_violation", `a row of ${row.length} values for ${columns.length} columns`);
  return row;
}

/** All as text: the server converts them to what the statement needs. */
function encodeParameters(parameters: readonly DataValue[]): Buffer[] {
  const values = parameters.map((value) => {
    if (value === null) return int32(-1);
    const text = Buffer.from(String(value));
    return Buffer.concat([int32(text.length), text]);
  });
  return [int16(parameters.length), ...values];
}

export function readColumns(body: Buffer): Column[] {
  const reader = new FieldReader(body);
  return Array.from({ length: Math.max(0, reader.int16()) }, () => {
    const name = reader.text();
    // The table and the column's number in it; then the type, its size, its modifier and its format.
    reader.take(6);
    const typeId = reader.int32();
    reader.take(8);
    return { name, typeId };
  });
}
