/** Characters that take two cells of a terminal, and marks that take none. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const PLAIN = /^[ -~]*$/;
const EMPTY = /\p{Mark}|\u200b|\u200d/u;

/** How many cells of a terminal a text takes. */
export function cellsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOfCharacter(character);
  return cells;
}

/** Cuts a text that is wider than `most` cells, and marks the cut. */
export function cut(text: string, most: number): string {
  if (cellsOf(text) <= most) return text;
  let cells = 0;
  let kept = "";
  for (const character of text) {
    cells += cellsOfCharacter(character);
    if (cells > most - 1) break;
    kept += character;
  }
  return most < 1 ? "" : `${kept}…`;
}

/** Pads a text to a width. */
export function pad(text: string, width: number, side: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - cellsOf(text)));
  return side === "left" ? text + space : space + text;
}

function cellsOfCharacter(character: string): number {
  if (character < "\u0300") return 1;
  return EMPTY.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}
