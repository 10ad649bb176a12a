import { decodeBytes } from "./charset.js";
import { HEADER_LIMITS } from "./limits.js";

/** One field: its name as it was written, and its body in one line, as text. */
export interface HeaderField {
  readonly name: string;
  readonly body: string;
}

/** The fields of a message in their order, the newest trace fields first. */
export interface Header {
  readonly fields: readonly HeaderField[];
  /** There was more than is read, of it all or of one field. */
  readonly isCut: boolean;
}

/**
 * Reads the header of a message (RFC 5322, section 2.2), up to the empty line. Bytes are given as latin1 text. Nothing makes it
 * fail: a line that is no field is passed over, as mail programs do, and bytes that are no ASCII are read as UTF-8, else as Latin-1.
 */
export function parseHeader(bytes: string): Header {
  const end = endOfHeader(bytes);
  const fields: HeaderField[] = [];
  let isCut = end > HEADER_LIMITS.headerBytes;
  for (const lines of foldedLines(bytes.slice(0, Math.min(end, HEADER_LIMITS.headerBytes)))) {
    if (fields.length === HEADER_LIMITS.fields) return { fields, isCut: true };
    isCut ||= lines.length > HEADER_LIMITS.fieldBytes;
    const field = fieldOf(lines.slice(0, HEADER_LIMITS.fieldBytes));
    if (field !== null) fields.push(field);
  }
  return { fields, isCut };
}

/** The bodies of all fields of that name, whatever its case. */
export function bodiesOf(header: Header, name: string): string[] {
  const wanted = name.toLowerCase();
  return header.fields.filter((field) => field.name.toLowerCase() === wanted).map(({ body }) => body);
}

/** Where the empty line is that ends the header; some write their lines with a bare line feed. */
function endOfHeader(bytes: string): number {
  if (/^\r?\n/.test(bytes)) return 0;
  const found = [bytes.indexOf("\r\n\r\n"), bytes.indexOf("\n\n"), bytes.indexOf("\n\r\n")].filter((index) => index !== -1);
  return found.length === 0 ? bytes.length : Math.min(...found);
}

/** A line that begins with a blank continues the field before it (section 2.2.3). */
function* foldedLines(bytes: string): Generator<string> {
  let field: string[] = [];
  for (const line of bytes.split(/\r?\n/)) {
    const goesOn = line.startsWith(" ") || line.startsWith("\t");
    if (!goesOn && field.length > 0) yield field.join("");
    if (!goesOn) field = [line];
    else if (field.length > 0) field.push(line);
  }
  if (field.length > 0) yield field.join("");
}

/** Printable ASCII without the colon, and blanks before it in old mail (section 4.5). */
const FIELD = /^([!-9;-~]+)[ \t]*:([\s\S]*)$/;

function fieldOf(lines: string): HeaderField | null {
  const [, name, body] = FIELD.exec(lines) ?? [];
  if (name === undefined || body === undefined) return null;
  return { name, body: oneLine(decodeBytes(body)) };
}

/** What is left of CR and NUL would end a line, or a text, in whatever shows it. */
function oneLine(body: string): string {
  return body.replace(CONTROLS, " ").trim();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const CONTROLS = /[\u0000-\u001f\u007f]/g;
