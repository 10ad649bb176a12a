import { cellsOf, cut, pad } from "./text-width.js";
import { wrapped } from "./wrap-text.js";

type Row = readonly string[];

/** The minimum useful width of the last column. */
const LEAST_ROOM = 20;

/** Rows under a heading with aligned columns; the last column gets the rest of the width. If that is too little, each row is printed as a list. */
export function table(heading: Row, rows: readonly Row[], width: number): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => cellsOf(row[column] ?? ""))));
  const lastBegins = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0);
  const room = width - lastBegins;
  if (room < LEAST_ROOM) return rows.map((row) => list(heading, row, width)).join("");
  const line = (row: Row): string => {
    const cells = row.map((cell, column) => (column === heading.length - 1 ? cut(cell, room) : pad(cell, widths[column] as number)));
    return cells.join("  ").trimEnd();
  };
  return `${all.map(line).join("\n")}\n`;
}

function list(heading: Row, [name = "", ...rest]: Row, width: number): string {
  const lines = rest.flatMap((cell, index) => (cell === "" ? [] : wrapped(`${(heading[index + 1] as string).toLowerCase()}: ${cell}`, width)));
  return `${[name, ...lines].join("\n")}\n`;
}
