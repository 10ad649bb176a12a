import { cellsOf } from "./text-width.js";

/** A text in lines of at most `width` cells, broken between words; all but the first are indented further, where any is. */
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
