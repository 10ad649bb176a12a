import { endOfJsonString } from "../support/end-of-json-string.js";

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
    if (code === QUOTE) index = endOfJsonString(body, index);
    else if (code === OPENING_BRACE || code === OPENING_BRACKET) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === CLOSING_BRACE || code === CLOSING_BRACKET) depth -= 1;
  }
  return false;
}
