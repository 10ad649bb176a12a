import { appendFileSync, closeSync, ftruncateSync, lstatSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { cellsOf } from "../input/csv.js";
import { UsageError } from "../usage-error.js";
import type { AddressList, ListFormat } from "./list.js";
import { headOf, isRow } from "./row.js";

/**
 * The result file of a list, which makes it resumable: a complete row means that its address is done. A file that this command did not write for the
 * same list and format is rejected before anything is sent, and not changed.
 */
export class OutFile {
  readonly #path: string;
  /** The lines of the list that have a row. */
  readonly done: ReadonlySet<number>;

  constructor(path: string, { entries, format }: AddressList) {
    this.#path = path;
    const text = existingText(path);
    this.done = text === "" ? new Set() : resume(path, text, format, new Map(entries.map(({ line, email }) => [line, email])));
    if (text === "") this.append(headOf(format));
  }

  append(rows: string): void {
    appendFileSync(this.#path, rows, { mode: 0o600 });
  }
}

/** Empty for a new or empty file. */
function existingText(path: string): string {
  try {
    if (!lstatSync(path).isFile()) throw new UsageError(`--out ${path} is not a regular file`, "name a file, or omit --out to print the rows");
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") throw new UsageError(`--out ${path} cannot be read: ${(error as Error).message}`, "use a file that is readable and writable");
  }
  try {
    lstatSync(dirname(path));
  } catch {
    throw new UsageError(`--out ${path}: the folder ${dirname(path)} does not exist`, "create it first");
  }
  return "";
}

function resume(path: string, text: string, format: ListFormat, emails: ReadonlyMap<number, string>): Set<number> {
  const end = text.lastIndexOf("\n") + 1;
  const head = headOf(format);
  // Without a complete header or row, it cannot be recognised as our file.
  if (end === 0 || (head !== "" && !text.startsWith(head))) throw notOurs(path, 1, format);
  const done = new Set<number>();
  for (const [index, row] of text.slice(0, end).split("\n").entries()) {
    if (row.trim() === "" || (head !== "" && index === 0)) continue;
    const found = readRow(row, format);
    if (found === null) throw notOurs(path, index + 1, format);
    if (emails.get(found.line) !== found.email) throw ofAnotherList(path, index + 1);
    done.add(found.line);
  }
  // The last run was stopped while it wrote this row. Anything else at the end is not removed.
  if (end < text.length) {
    if (!isBeginningOfRow(text.slice(end), format, emails)) throw notOurs(path, text.slice(0, end).split("\n").length, format);
    truncate(path, Buffer.byteLength(text.slice(0, end)));
  }
  return done;
}

function readRow(row: string, format: ListFormat): { line: number; email: string } | null {
  if (format === "csv") {
    const cells = cellsOf(row.replace(/\r$/, ""));
    if (cells.length !== cellsOf(headOf("csv").trimEnd()).length || !/^\d+$/.test(cells[0] ?? "")) return null;
    return { line: Number(cells[0]), email: (cells[1] ?? "").replace(/^'(?=[=+\-@])/, "") };
  }
  try {
    const value: unknown = JSON.parse(row);
    return isRow(value) ? value : null;
  } catch {
    return null;
  }
}

/** A partial row must begin like a row for one of the list's addresses. */
function isBeginningOfRow(tail: string, format: ListFormat, emails: ReadonlyMap<number, string>): boolean {
  const [, digits] = (format === "csv" ? /^(\d+)(?:,|$)/ : /^\{"line":(\d+)(?:,|$)/).exec(tail) ?? [];
  if (digits === undefined) return format === "jsonl" && '{"line":'.startsWith(tail);
  return [...emails.keys()].some((line) => (/[,]/.test(tail) ? String(line) === digits : String(line).startsWith(digits)));
}

function truncate(path: string, bytes: number): void {
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function notOurs(path: string, line: number, format: ListFormat): UsageError {
  return new UsageError(
    `--out ${path} is not a ${format === "csv" ? "CSV" : "JSONL"} result file of this command: see its line ${line}`,
    "give another file with --out; this one is left as it is",
  );
}

function ofAnotherList(path: string, line: number): UsageError {
  return new UsageError(
    `${path} does not belong to this list: its line ${line} is about an address that is not there`,
    "give another file with --out, or move this one away",
  );
}
