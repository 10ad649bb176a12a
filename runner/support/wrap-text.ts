import { cellsOf } from "./text-width.js";

/** Wraps a text at word boundaries to lines of at most `width` cells; all lines but the first are indented further. */
export function wrapped(text: string, width: number, indent = 2): string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && cellsOf(line) + 1 + cellsOf(word) > width) {
      lines.push(line);
      line = " ".repeat(indent === 0 ? 0 : indent + 2);
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
