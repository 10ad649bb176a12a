import type { DataValue } from "../../../schemas/data.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { integer, PacketReader, sized } from "./packet.js";
import { type Column, readBinaryRow, TYPE } from "./result.js";
import { COMMAND, isEnd, type MysqlSession } from "./session.js";

export interface Query {
  readonly sql: string;
  readonly parameters: readonly DataValue[];
  readonly maxRows: number;
  readonly timeoutMs: number;
  readonly isMariaDb: boolean;
}

export interface QueryResult {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (DataValue | Buffer)[])[];
  /** The server has more rows. */
  readonly isCut: boolean;
  readonly firstRowMs: number | null;
  readonly durationMs: number;
}

interface Prepared {
  readonly id: number;
  readonly columns: readonly Column[];
  readonly parameterCount: number;
}

const MAX_RESULT_BYTES = 1024 * 1024;
const UNKNOWN_VARIABLE = 1193;

/**
 * One query in a transaction that the server itself keeps from writing. A text holds one statement only, since several were not asked for when the
 * session began. Such a transaction does not keep a server from all statements, as from SET GLOBAL and OPTIMIZE TABLE: so the server must first
 * accept the text as the query within EXISTS, where no other statement can stand. For that it is prepared, and not executed.
 */
export async function readOnlyQuery(session: MysqlSession, query: Query): Promise<QueryResult> {
  await limitTime(session, query);
  await session.query("SET", "query", `SET SESSION sql_select_limit = ${query.maxRows + 1}`);
  await session.query("START TRANSACTION", "query", "START TRANSACTION READ ONLY");
  const prepared = await prepare(session, query.sql);
  if (prepared.columns.length === 0 || !(await isQuery(session, query.sql)))
    throw failureError("query", "not_permitted", "the statement is not a query: only SELECT, WITH, VALUES and TABLE are executed");
  if (prepared.parameterCount !== query.parameters.length)
    throw failureError("query", "not_permitted", `the statement takes ${prepared.parameterCount} parameters, not ${query.parameters.length}`);
  const result = await execute(session, query, prepared);
  if (result.rows.length <= query.maxRows) await session.query("ROLLBACK", "query", "ROLLBACK");
  return { ...result, rows: result.rows.slice(0, query.maxRows) };
}

/** MariaDB limits in seconds, MySQL in milliseconds since version 5.7. */
async function limitTime(session: MysqlSession, { isMariaDb, timeoutMs }: Query): Promise<void> {
  const variable = isMariaDb ? `max_statement_time = ${timeoutMs / 1000}` : `max_execution_time = ${timeoutMs}`;
  try {
    await session.query("SET", "query", `SET SESSION ${variable}`);
  } catch (error) {
    if (!(error instanceof FailureError) || session.error?.number !== UNKNOWN_VARIABLE) throw error;
  }
}

function prepare(session: MysqlSession, sql: string): Promise<Prepared> {
  return session.operation("prepare", "query", async () => {
    session.command(COMMAND.prepare, sql);
    const body = await session.next();
    const reader = new PacketReader(body);
    if (reader.byte() !== 0) throw session.unexpected(body);
    const id = reader.unsigned(4);
    const columnCount = reader.unsigned(2);
    const parameterCount = reader.unsigned(2);
    await session.columns(parameterCount);
    return { id, columns: await session.columns(columnCount), parameterCount };
  });
}

/** The line breaks end a comment of the text's own. */
async function isQuery(session: MysqlSession, sql: string): Promise<boolean> {
  try {
    await prepare(session, `SELECT EXISTS (\n${sql}\n)`);
    return true;
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected" || session.connection.hasEnded) throw error;
    return false;
  }
}

async function execute(session: MysqlSession, { parameters, maxRows }: Query, { id }: Prepared): Promise<QueryResult> {
  const rows: (DataValue | Buffer)[][] = [];
  let columns: readonly Column[] = [];
  let bytes = 0;
  let firstRowAt: number | null = null;
  const operation = await session.operation("query", "query", async (running) => {
    session.command(COMMAND.execute, integer(id, 4), Buffer.from([0]), integer(1, 4), encodeParameters(parameters));
    columns = await session.columns(session.countOf(await session.next()));
    for (let body = await session.next(); !isEnd(body); body = await session.next()) {
      firstRowAt ??= session.arrivedAt;
      bytes += body.length;
      if (bytes > MAX_RESULT_BYTES) throw failureError("query", "limit_exceeded", `rows of more than ${MAX_RESULT_BYTES} bytes`);
      rows.push(readBinaryRow(body, columns));
      // A LIMIT of the statement's own comes before ours: what is left is not read, and the session ends.
      if (rows.length > maxRows + 1) break;
    }
    return running;
  });
  const beganAt = session.connection.run.recorder.began + operation.at_ms;
  return {
    columns,
    rows,
    isCut: rows.length > maxRows,
    firstRowMs: firstRowAt === null ? null : firstRowAt - beganAt,
    durationMs: operation.duration_ms ?? 0,
  };
}

/** Which are NULL, their types, their values. */
function encodeParameters(parameters: readonly DataValue[]): Buffer {
  if (parameters.length === 0) return Buffer.alloc(0);
  const nulls = Buffer.alloc(Math.floor((parameters.length + 7) / 8));
  parameters.forEach((value, index) => {
    if (value === null) nulls[index >> 3] = (nulls[index >> 3] as number) | (1 << (index & 7));
  });
  const encoded = parameters.map(encodeParameter);
  return Buffer.concat([nulls, Buffer.from([1]), ...encoded.map(({ type }) => Buffer.from([type, 0])), ...encoded.map(({ bytes }) => bytes)]);
}

function encodeParameter(value: DataValue): { type: number; bytes: Buffer } {
  if (value === null) return { type: TYPE.null, bytes: Buffer.alloc(0) };
  if (typeof value === "boolean") return { type: TYPE.tiny, bytes: Buffer.from([value ? 1 : 0]) };
  if (typeof value === "string") return { type: TYPE.varString, bytes: sized(value) };
  const bytes = Buffer.alloc(8);
  if (Number.isSafeInteger(value)) {
    bytes.writeBigInt64LE(BigInt(value), 0);
    return { type: TYPE.longlong, bytes };
  }
  bytes.writeDoubleLE(value, 0);
  return { type: TYPE.double, bytes };
}
