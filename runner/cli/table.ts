import { cellsOf, cut, pad } from "./cells.js";

/** Rows under a heading, columns aligned; the last column takes what is left of the width. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => cellsOf(row[column] ?? ""))));
  const lastBegins = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0);
  const room = Math.max(20, width - lastBegins);
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell, column) => (column === heading.length - 1 ? cut(cell, room) : pad(cell, widths[column] as number)));
    return cells.join("  ").trimEnd();
  };
  return `${all.map(line).join("\n")}\n`;
}
