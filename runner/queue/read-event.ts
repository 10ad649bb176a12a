/**
 * Bounds of a message before it is parsed. Anyone who can write to a queue chooses the bodies, and one that overflows the stack of every worker that
 * claims it would stop the queue. Inputs and results of probes stay far below both bounds, except that large attachments can come near the first.
 */
const MAX_CHARACTERS = 64 * 1024 * 1024;
const MAX_DEPTH = 128;

/** The JSON object in a body, or what is wrong with it. Never throws. */
export function readEvent(body: string): object | string {
  if (body.length > MAX_CHARACTERS) return `it has more than ${MAX_CHARACTERS} characters`;
  if (isTooDeep(body)) return `it is nested more than ${MAX_DEPTH} levels deep`;
  try {
    const event: unknown = JSON.parse(body);
    return event !== null && typeof event === "object" ? event : "it is not a JSON object";
  } catch {
    return "it is not JSON";
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Counts brackets outside strings; the parser finds out whether they match. */
function isTooDeep(body: string): boolean {
  let depth = 0;
  for (let index = 0; index < body.length; index++) {
    const code = body.charCodeAt(index);
    // Most of a body is text: a search skips it faster than this loop.
    if (code === QUOTE) index = endOfString(body, index);
    else if (code === OPENING_BRACE || code === OPENING_BRACKET) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === CLOSING_BRACE || code === CLOSING_BRACKET) depth -= 1;
  }
  return false;
}

/** Where the string that begins at `start` ends; the end of the text if it does not. */
function endOfString(body: string, start: number): number {
  let end = start;
  do end = body.indexOf('"', end + 1);
  while (end >= 0 && isEscaped(body, end));
  return end < 0 ? body.length : end;
}

function isEscaped(body: string, at: number): boolean {
  let backslashes = 0;
  while (body.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
