import { floatValue, numberValue } from "../../runner/data/number-value.js";
import { textValue } from "../../runner/data/text-value.js";
import type { Column, QueryResult } from "../../runner/net/postgresql/read-only-query.js";
import { round } from "../../runner/run/clock.js";
import type { DataValue } from "../../schemas/data.js";
import type { Output } from "./schema.js";

const MAX_VALUE_CHARACTERS = 4096;
/** The numbers of built-in types (pg_type.dat). */
const TYPES: Readonly<Record<number, string>> = {
  16: "bool",
  17: "bytea",
  20: "int8",
  21: "int2",
  23: "int4",
  25: "text",
  26: "oid",
  114: "json",
  700: "float4",
  701: "float8",
  1043: "varchar",
  1082: "date",
  1114: "timestamp",
  1184: "timestamptz",
  1700: "numeric",
  2950: "uuid",
  3802: "jsonb",
};
const EXACT: ReadonlySet<string> = new Set(["int8", "int2", "int4", "oid", "numeric"]);
const FLOATS: ReadonlySet<string> = new Set(["float4", "float8"]);

/** A result as the output has it. */
export function shown({ columns, rows, isCut, firstRowMs, durationMs }: QueryResult): Pick<Output, "query" | "rows" | "row_count"> {
  let truncated = isCut;
  const values = rows.map((row) =>
    row.map((bytes, index) => {
      const value = bytes === null ? null : valueIn(bytes, columns[index] as Column);
      if (typeof value !== "string" || value.length <= MAX_VALUE_CHARACTERS) return value;
      truncated = true;
      return value.slice(0, MAX_VALUE_CHARACTERS);
    }),
  );
  const named = columns.map(({ name, typeId }) => ({ name, type: TYPES[typeId] ?? String(typeId) }));
  const query = { columns: named, truncated, first_row_ms: firstRowMs === null ? null : round(firstRowMs), last_row_ms: durationMs };
  return { query, rows: values, row_count: values.length };
}

function valueIn(bytes: Buffer, { typeId }: Column): DataValue {
  const text = textValue(bytes);
  const type = TYPES[typeId] ?? "";
  if (type === "bool") return text === "t" ? true : text === "f" ? false : text;
  if (EXACT.has(type)) return numberValue(text);
  return FLOATS.has(type) ? floatValue(text) : text;
}
