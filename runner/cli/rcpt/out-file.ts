import { appendFileSync, closeSync, existsSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { cellsOf } from "../input/csv.js";
import { UsageError } from "../usage-error.js";
import type { AddressList, ListFormat } from "./list.js";
import { headOf } from "./row.js";

/**
 * The rows that an earlier run of the same command has written, so that this one goes on behind it. The file itself is all there is
 * to resume by: a row stands in it whole, or its address is asked for again.
 */
export class OutFile {
  readonly #path: string;
  /** The lines of the list whose rows are there. */
  readonly done: ReadonlySet<number>;

  constructor(path: string, { entries, format }: AddressList) {
    this.#path = path;
    const emails = new Map(entries.map(({ line, email }) => [line, email]));
    this.done = existsSync(path) ? resume(path, format, emails) : new Set();
    if (this.done.size === 0 && headOf(format) !== "" && !hasHead(path)) appendFileSync(path, headOf(format), { mode: 0o600 });
  }

  append(rows: string): void {
    appendFileSync(this.#path, rows, { mode: 0o600 });
  }
}

function hasHead(path: string): boolean {
  return existsSync(path) && readFileSync(path, "utf8") !== "";
}

function resume(path: string, format: ListFormat, emails: ReadonlyMap<number, string>): Set<number> {
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  const done = new Set<number>();
  for (const [index, row] of text.slice(0, end).split("\n").entries()) {
    if (row.trim() === "" || (format === "csv" && index === 0)) continue;
    const { line, email } = readRow(row, format) ?? { line: 0, email: "" };
    if (emails.get(line) !== email) throw ofAnotherList(path, index + 1);
    done.add(line);
  }
  // What was being written when the last run ended is no row.
  if (end < text.length) truncate(path, Buffer.byteLength(text.slice(0, end)));
  return done;
}

function readRow(row: string, format: ListFormat): { line: number; email: string } | null {
  if (format === "csv") {
    const [line = "", email = ""] = cellsOf(row.replace(/\r$/, ""));
    return { line: Number(line), email: email.replace(/^'(?=[=+\-@])/, "") };
  }
  try {
    return JSON.parse(row) as { line: number; email: string };
  } catch {
    return null;
  }
}

function truncate(path: string, bytes: number): void {
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function ofAnotherList(path: string, line: number): UsageError {
  return new UsageError(
    `${path} does not belong to this list: its line ${line} is about an address that does not stand there`,
    "give another file with --out, or move this one away",
  );
}
