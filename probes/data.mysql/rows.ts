import { numberValue } from "../../runner/data/number-value.js";
import { textValue } from "../../runner/data/text-value.js";
import type { QueryResult } from "../../runner/net/mysql/read-only-query.js";
import { TYPE } from "../../runner/net/mysql/result.js";
import { round } from "../../runner/run/clock.js";
import type { DataValue } from "../../schemas/data.js";
import type { Output } from "./schema.js";

const MAX_VALUE_CHARACTERS = 4096;
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...TYPE, bit: 0x10, json: 0xf5, blob: 0xfc, string: 0xfe }).map(([name, type]) => [type, name]),
);

/** A result as the output has it. */
export function shown({ columns, rows, isCut, firstRowMs, durationMs }: QueryResult): Pick<Output, "query" | "rows" | "row_count"> {
  let truncated = isCut;
  const values = rows.map((row) =>
    row.map((each, index) => {
      const value = Buffer.isBuffer(each) ? valueIn(each, columns[index]?.type ?? 0xfe) : each;
      if (typeof value !== "string" || value.length <= MAX_VALUE_CHARACTERS) return value;
      truncated = true;
      return value.slice(0, MAX_VALUE_CHARACTERS);
    }),
  );
  const named = columns.map(({ name, type }) => ({ name, type: NAMES.get(type) ?? String(type) }));
  const query = { columns: named, truncated, first_row_ms: firstRowMs === null ? null : round(firstRowMs), last_row_ms: durationMs };
  return { query, rows: values, row_count: values.length };
}

function valueIn(bytes: Buffer, type: number): DataValue {
  const text = textValue(bytes);
  return type === TYPE.newdecimal || type === TYPE.decimal ? numberValue(text) : text;
}
