import { RequestError } from "../../support/request-error.js";

/** Comma-separated values (RFC 4180), tolerating common deviations. */

/** The cells of one record. Quoted cells may contain commas and doubled quotes. A record is one line here, since no address contains a line break. */
export function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= line.length; at += 1) {
    const [cell, end] = line[at] === '"' ? quotedCell(line, at + 1) : plainCell(line, at);
    cells.push(cell);
    at = end;
  }
  return cells;
}

function plainCell(line: string, from: number): [string, number] {
  const comma = line.indexOf(",", from);
  const end = comma === -1 ? line.length : comma;
  return [line.slice(from, end).trim(), end];
}

function quotedCell(line: string, from: number): [string, number] {
  let cell = "";
  let at = from;
  for (; line[at] !== '"' || line[at + 1] === '"'; at += 1) {
    if (at >= line.length) throw openQuote(line);
    if (line[at] === '"') at += 1;
    cell += line[at];
  }
  const comma = line.indexOf(",", at);
  return [cell, comma === -1 ? line.length : comma];
}

/** More cells than columns: a comma in one of them would move the others. */
export function checkLength(cells: readonly string[], header: readonly string[]): void {
  if (cells.length <= header.length) return;
  const message = `it has ${cells.length} cells, and the header ${header.length}`;
  throw new RequestError("it does not fit the header", "unreadable_input", [{ pointer: "", message, hint: "quote cells that contain a comma" }]);
}

function openQuote(line: string): RequestError {
  const message = "a CSV record must end on its line";
  return new RequestError(`a quote is not closed: ${excerpt(line)}`, "unreadable_input", [{ pointer: "", message, hint: null }]);
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}

export function recordOf(cells: readonly (string | number | null)[]): string {
  return `${cells.map(written).join(",")}\r\n`;
}

/** Spreadsheet programs execute cells that begin like a formula, and servers choose the text of their replies. */
const LIKE_A_FORMULA = /^[=+\-@\t\r]/;

function written(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = (LIKE_A_FORMULA.test(value) ? `'${value}` : value).replace(/[\r\n]+/g, " ");
  return /[",]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
