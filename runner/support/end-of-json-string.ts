const BACKSLASH = 0x5c;

/** Where the string that begins at `start` has its closing quotation mark; the end of the text if it has none. A search is faster than a look at each character. */
export function endOfJsonString(text: string, start: number): number {
  let end = start;
  do end = text.indexOf('"', end + 1);
  while (end >= 0 && isEscaped(text, end));
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
