import { numberValue } from "../../runner/data/number-value.js";
import { textValue } from "../../runner/data/text-value.js";
import type { OracleSession } from "../../runner/net/tns/session.js";
import { round } from "../../runner/run/clock.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { DataValue } from "../../schemas/data.js";
import type { Input, Output } from "./schema.js";

const MAX_VALUE_CHARACTERS = 4096;

/**
 * One query in a transaction that the server itself keeps from writing. Statements that define objects would end that transaction, so only
 * what the library knows as a query is sent; and a text is one statement for this server.
 */
export async function readOnlyQuery(
  session: OracleSession,
  { sql, parameters, max_rows: maxRows }: NonNullable<Input["query"]>,
): Promise<Pick<Output, "query" | "rows" | "row_count">> {
  if (!(await session.isQuery(sql))) throw failureError("query", "not_permitted", "the statement is not a query: it must begin with SELECT or WITH");
  await session.execute("SET TRANSACTION READ ONLY");
  const binds = parameters.map((value) => (typeof value === "boolean" ? Number(value) : value));
  const { columns, rows, durationMs } = await session.query("query", "query", sql, binds, maxRows + 1);
  await session.execute("ROLLBACK");
  let truncated = rows.length > maxRows;
  const values = rows.slice(0, maxRows).map((row) =>
    row.map((each, index) => {
      const value = shownValue(each, columns[index]?.dbTypeName ?? "");
      if (typeof value !== "string" || value.length <= MAX_VALUE_CHARACTERS) return value;
      truncated = true;
      return value.slice(0, MAX_VALUE_CHARACTERS);
    }),
  );
  const named = columns.map(({ name, dbTypeName = "" }) => ({ name, type: dbTypeName }));
  // The library gives all rows at once.
  return { query: { columns: named, truncated, first_row_ms: null, last_row_ms: round(durationMs) }, rows: values, row_count: values.length };
}

/** A number is text here, a date a Date, and a LOB an object that only its name describes. */
function shownValue(value: unknown, type: string): DataValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return type === "NUMBER" ? numberValue(value) : value;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  return Buffer.isBuffer(value) ? textValue(value) : `(${type || "object"})`;
}
