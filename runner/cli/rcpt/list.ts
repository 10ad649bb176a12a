import { cellsOf, checkLength } from "../input/csv.js";
import { formatOfName, formatOfText } from "../input/format.js";
import { parseJsonLine } from "../input/json-text.js";
import { type Line, linesOf } from "../input/lines.js";
import { parseInputs } from "../input/parse-inputs.js";
import { nameOf, readAt } from "../input/place.js";
import { readText } from "../input/read-text.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import { refuseDisplayName } from "./display-name.js";

/** One address of a list, and its line. */
export interface Entry {
  readonly line: number;
  readonly email: string;
}

export type ListFormat = "csv" | "jsonl";

export interface AddressList {
  readonly format: ListFormat;
  readonly entries: readonly Entry[];
}

/** The column of addresses if none is given. */
const USUAL_NAMES = ["email", "e-mail", "mail", "email_address", "emailaddress", "address"];

/** Reads addresses: CSV with or without a header, JSON Lines, JSON or YAML of objects or strings, or one address per line. */
export async function readList(path: string, column: string | null, io: Io): Promise<AddressList> {
  const format = formatOfName(path);
  if (format === "json" || format === "yaml") return listOfValue(await readText(path, io, { mayBeEmpty: true }), column, path, format);
  const { first, batches } = await withFirstLine(linesOf(path, io, { keepBlank: true }));
  const structured = structuredFormat(first);
  if (structured === null) return byLine(batches, nameOf(path), column);
  const held: string[] = [];
  for await (const lines of batches) for (const { text } of lines) held.push(text);
  return listOfValue(held.join("\n"), column, nameOf(path), structured);
}

/** The first line that is not blank, and the batches from the beginning. */
async function withFirstLine(rest: AsyncGenerator<Line[]>): Promise<{ first: string; batches: AsyncIterable<Line[]> }> {
  const held: Line[][] = [];
  let first: string | undefined;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    held.push(next.value);
    first = next.value.find(({ text }) => text.trim() !== "")?.text.trim();
    if (first !== undefined) break;
  }
  const batches = (async function* () {
    yield* held;
    yield* rest;
  })();
  return { first: first ?? "", batches };
}

/** JSON or YAML, which are read as a whole; null for what is read line by line. A quoted cell also begins like JSON, a heading like a comment of YAML. */
function structuredFormat(line: string): "json" | "yaml" | null {
  const format = formatOfText(line);
  if (format === "json") return line.startsWith('"') ? null : format;
  return format === "yaml" && !line.startsWith("#") ? format : null;
}

async function byLine(batches: AsyncIterable<Line[]>, name: string, column: string | null): Promise<AddressList> {
  const entries: Entry[] = [];
  let reader: ((text: string) => string | null) | null = null;
  let format: ListFormat = "csv";
  for await (const lines of batches) {
    for (const { number, text: line } of lines) {
      const text = line.trim();
      if (text === "") continue;
      const email = readAt(`${name}, line ${number}`, () => {
        if (reader === null) {
          format = /^[{"]/.test(text) && isJson(text) ? "jsonl" : "csv";
          reader = format === "jsonl" ? (each) => addressIn(parseJsonLine(each), column) : csvReader(text, column);
        }
        const found = reader(text);
        if (found !== null && found !== "") check(found);
        return found;
      });
      if (email !== null && email !== "") entries.push({ line: number, email });
    }
  }
  return { format, entries };
}

async function listOfValue(text: string, column: string | null, name: string, format: "json" | "yaml"): Promise<AddressList> {
  if (text.trim() === "") return { format: "jsonl", entries: [] };
  const { value } = await parseInputs(text, name, {}, format);
  const entries = (Array.isArray(value) ? value : [value]).map((each, index) => ({
    line: index + 1,
    email: readAt(`${name}, input ${index + 1}`, () => addressIn(each, column)),
  }));
  return { format: "jsonl", entries };
}

/** What is certainly no address, but could mean that the file is not a list of addresses, or hold a terminal's control sequences. */
function check(address: string): void {
  refuseDisplayName(address);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(address)) throw new UsageError(`${JSON.stringify(address)} contains a control character`, "is it a list of addresses?");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function addressIn(value: unknown, column: string | null): string {
  const found = typeof value === "string" ? value : fieldOf(value, column);
  if (typeof found === "string") return found;
  throw new UsageError(
    "there is no address",
    `it must be a string, or an object with ${column === null ? USUAL_NAMES.join(", ") : JSON.stringify(column)}; --column names another field`,
  );
}

function fieldOf(value: unknown, column: string | null): unknown {
  if (value === null || typeof value !== "object") return undefined;
  const named = Object.entries(value).find(([name]) => (column === null ? USUAL_NAMES.includes(name.toLowerCase()) : name === column));
  return named?.[1];
}

/** The first line is a header if it contains no address. */
function csvReader(first: string, column: string | null): (text: string) => string | null {
  const cells = cellsOf(withoutMark(first));
  const isHead = !cells.some((cell) => cell.includes("@"));
  if (!isHead && column !== null) throw new UsageError(`the list has no header with a column ${JSON.stringify(column)}`, "omit --column, or add a header");
  const at = isHead ? columnOf(cells, column) : cells.findIndex((cell) => cell.includes("@"));
  let isFirst = true;
  return (text) => {
    const skipped = isFirst && isHead;
    const row = cellsOf(isFirst ? withoutMark(text) : text);
    isFirst = false;
    if (skipped) return null;
    if (isHead) checkLength(row, cells);
    return row[at] ?? null;
  };
}

function columnOf(head: readonly string[], column: string | null): number {
  const at = head.findIndex((name) => (column === null ? USUAL_NAMES.includes(name.toLowerCase()) : name === column));
  if (head.indexOf(head[at] as string, at + 1) > at) throw new UsageError(`two columns are called ${JSON.stringify(head[at])}`, "rename one of them");
  if (at !== -1) return at;
  throw new UsageError(
    column === null ? "no column of the list is known to hold addresses" : `the list has no column ${JSON.stringify(column)}`,
    `its head is ${head.map((name) => JSON.stringify(name)).join(", ")}; --column names the one to read`,
  );
}

/** The byte order mark that some programs write. */
function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, "");
}
