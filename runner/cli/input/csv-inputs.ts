import type { InputSchema } from "../../harness/target.js";
import { RequestError } from "../../support/request-error.js";
import { assign } from "../overrides.js";
import { cellsOf, checkLength } from "./csv.js";

/** Reads an input from a line; the header gives none. Reading is a separate step, because each line may have its own error. */
export type RowReader = (line: string) => (() => unknown)[];

/** Inputs from CSV: the header names a field per column, `tls.mode` one inside another. An empty cell leaves its field out. */
export function csvRows(schema: InputSchema): RowReader {
  let header: readonly string[] | null = null;
  return (line) => {
    if (header !== null) {
      const columns = header;
      return [() => inputOf(cellsOf(line), columns, schema)];
    }
    // The byte order mark that some programs write.
    header = cellsOf(line).map((name) => name.replace(/^\ufeff/, ""));
    checkHeader(header, schema);
    return [];
  };
}

/** Otherwise a first row of data would cause misleading errors about unknown fields in every row. */
function checkHeader(header: readonly string[], { properties = {} }: InputSchema): void {
  const known = Object.keys(properties);
  const twice = header.find((name, index) => name !== "" && header.indexOf(name) !== index);
  if (twice !== undefined) {
    const message = "a field can have one column only";
    throw new RequestError(`two columns are called ${JSON.stringify(twice)}`, "unreadable_input", [{ pointer: "", message, hint: null }]);
  }
  if (header.some((name) => known.includes(name.split(".")[0] as string))) return;
  throw new RequestError("it is not a CSV header", "unreadable_input", [
    { pointer: "", message: `the first line must name the fields: ${known.slice(0, 3).join(", ")} …`, hint: null },
  ]);
}

function inputOf(cells: readonly string[], header: readonly string[], { properties = {} }: InputSchema): Record<string, unknown> {
  checkLength(cells, header);
  const input = {};
  for (const [index, name] of header.entries()) {
    const cell = cells[index] ?? "";
    if (cell !== "") assign(input, name.split("."), cellValue(cell, properties[name]), `column ${name}`);
  }
  return input;
}

/** Converts a cell to a number, a boolean or a list if its field can be one. */
function cellValue(cell: string, field: { readonly type?: unknown } | undefined): unknown {
  if (field?.type === "string") return cell;
  try {
    return JSON.parse(cell);
  } catch {
    return field?.type === "array" ? [cell] : cell;
  }
}
