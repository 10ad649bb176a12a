import { numberValue } from "../../runner/data/number-value.js";
import { textValue } from "../../runner/data/text-value.js";
import type { Result } from "../../runner/net/tds/session.js";
import type { TdsValue } from "../../runner/net/tds/value.js";
import { round } from "../../runner/run/clock.js";
import type { DataValue } from "../../schemas/data.js";
import type { Output } from "./schema.js";

const MAX_VALUE_CHARACTERS = 4096;
const EXACT: ReadonlySet<string> = new Set(["bigint", "decimal", "numeric", "money", "smallmoney"]);

/** A result as the output has it. */
export function shown({ columns, rows, isCut, firstRowMs, durationMs }: Result & { readonly isCut: boolean }): Pick<Output, "query" | "rows" | "row_count"> {
  let truncated = isCut;
  const values = rows.map((row) =>
    row.map((each, index) => {
      const value = shownValue(each, columns[index]?.type.name ?? "");
      if (typeof value !== "string" || value.length <= MAX_VALUE_CHARACTERS) return value;
      truncated = true;
      return value.slice(0, MAX_VALUE_CHARACTERS);
    }),
  );
  const named = columns.map(({ name, type }) => ({ name, type: type.name }));
  const query = { columns: named, truncated, first_row_ms: firstRowMs === null ? null : round(firstRowMs), last_row_ms: round(durationMs) };
  return { query, rows: values, row_count: values.length };
}

function shownValue(value: TdsValue, type: string): DataValue {
  if (Buffer.isBuffer(value)) return textValue(value);
  return typeof value === "string" && EXACT.has(type) ? numberValue(value) : value;
}
