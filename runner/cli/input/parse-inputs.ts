import type { InputSchema } from "../../harness/target.js";
import type { RowReader } from "./csv-inputs.js";
import { type Format, formatOfName, formatOfText } from "./format.js";
import { parseJson } from "./json-text.js";

/** The input, or the array of inputs, in a text: JSON, JSON Lines, YAML, or CSV with a header. */
export async function parseInputs(text: string, name: string, schema: InputSchema, format: Format = formatOf(text, name)): Promise<unknown> {
  if (format === "json") return parseJson(text, name);
  if (format === "yaml") return (await import("./yaml-text.js")).parseYaml(text, name);
  const rows = await rowReader(format, schema);
  const values = text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : rows(line.trim(), index + 1)));
  return values.map((read) => read());
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
  return (line, number) => [() => parseJson(line, `line ${number}`)];
}
