/** Something that a peer does to its lines against the standard and that we can live with, reported beside the result. */
export type LineOddity = "bare_line_feed" | "not_utf8" | "bare_carriage_return";

/** What an oddity is called for people. */
export const LINE_ODDITIES: Readonly<Record<LineOddity, string>> = {
  bare_line_feed: "a reply line ended with LF instead of CRLF",
  bare_carriage_return: "a reply line held a CR of its own",
  not_utf8: "a reply was not UTF-8; it was read as latin-1",
};

export interface OddityRecorder {
  note(oddity: LineOddity): void;
}

const CARRIAGE_RETURN = 13;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a whole line, one byte a character, never a portion of one: a character's bytes may come in two reads. */
export function decodeLine(bytes: string, keeper: OddityRecorder): string {
  let isAscii = true;
  for (let index = 0; index < bytes.length; index++) {
    const unit = bytes.charCodeAt(index);
    if (unit === CARRIAGE_RETURN) keeper.note("bare_carriage_return");
    if (unit > 127) isAscii = false;
  }
  if (isAscii) return bytes;
  try {
    return UTF8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    keeper.note("not_utf8");
    return bytes;
  }
}

const EXCERPT_CHARACTERS = 60;

/** The beginning of a line that could not be read, to be shown to a person. */
export function excerpt(line: string): string {
  return JSON.stringify(line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS)}…` : line);
}
