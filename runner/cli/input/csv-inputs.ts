import type { InputSchema } from "../../harness/target.js";
import { RequestError } from "../../support/request-error.js";
import { assign } from "../overrides.js";
import { cellsOf } from "./csv.js";

/** Reads an input from a line; the header gives none. Reading is a separate step, because each line may have its own error. */
export type RowReader = (line: string, number: number) => (() => unknown)[];

/** Inputs from CSV: the header names a field per column, `tls.mode` one inside another. An empty cell leaves its field out. */
export function csvRows(schema: InputSchema): RowReader {
  let header: readonly string[] | null = null;
  return (line, number) => {
    const cells = cellsOf(line);
    if (header !== null) {
      const columns = header;
      return [() => inputOf(cells, columns, schema, number)];
    }
    // The byte order mark that some programs write.
    header = cells.map((name) => name.replace(/^\ufeff/, ""));
    checkHeader(header, schema, number);
    return [];
  };
}

/** Otherwise a first row of data would cause misleading errors about unknown fields in every row. */
function checkHeader(header: readonly string[], { properties = {} }: InputSchema, number: number): void {
  const known = Object.keys(properties);
  if (header.some((name) => known.includes(name.split(".")[0] as string))) return;
  throw new RequestError(`line ${number} is not a CSV header`, "unreadable_input", [
    { pointer: "", message: `the first line must name the fields: ${known.slice(0, 3).join(", ")} …`, hint: null },
  ]);
}

function inputOf(cells: readonly string[], header: readonly string[], { properties = {} }: InputSchema, number: number): Record<string, unknown> {
  if (cells.length > header.length) {
    const message = `it has ${cells.length} cells, and the header ${header.length}`;
    throw new RequestError(`line ${number} does not fit the header`, "unreadable_input", [{ pointer: "", message, hint: "quote cells that contain a comma" }]);
  }
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
