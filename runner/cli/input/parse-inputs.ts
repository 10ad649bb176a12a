import type { InputSchema } from "../../harness/target.js";
import type { RowReader } from "./csv-inputs.js";
import { type Format, formatOfName, formatOfText } from "./format.js";
import { parseJson, parseJsonLine } from "./json-text.js";
import { readAt } from "./place.js";

export interface ParsedInputs {
  /** An input, or an array of them. */
  readonly value: unknown;
  /** Where each input of an array is: `line 3`, `input 3`. Null for a single input. */
  readonly places: readonly string[] | null;
}

/** The input, or the list of inputs, in a text: JSON, JSON Lines, YAML, or CSV with a header. */
export async function parseInputs(text: string, name: string, schema: InputSchema, format: Format = formatOf(text, name)): Promise<ParsedInputs> {
  if (format === "json") return numbered(parseJson(text, name));
  if (format === "yaml") return numbered((await import("./yaml-text.js")).parseYaml(text, name));
  const rows = await rowReader(format, schema);
  const read = text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const place = `line ${index + 1}`;
    return readAt(`${name}, ${place}`, () => rows(line.trim()).map((row) => ({ place, value: row() })));
  });
  return { value: read.map(({ value }) => value), places: read.map(({ place }) => place) };
}

function numbered(value: unknown): ParsedInputs {
  return { value, places: Array.isArray(value) ? value.map((_, index) => `input ${index + 1}`) : null };
}

function formatOf(text: string, name: string): Format {
  const named = formatOfName(name);
  if (named !== null) return named;
  const trimmed = text.trim();
  const end = trimmed.indexOf("\n");
  // A single JSON object is one input, not a list of one.
  if (end < 0) return formatOfText(trimmed) === "jsonl" ? "json" : formatOfText(trimmed);
  return formatOfText(trimmed.slice(0, end));
}

export async function rowReader(format: "jsonl" | "csv", schema: InputSchema): Promise<RowReader> {
  if (format === "csv") return (await import("./csv-inputs.js")).csvRows(schema);
  return (line) => [() => parseJsonLine(line)];
}
