/**
 * What a message may be before it is parsed: anyone who can write to a queue chooses its body, and a body that overflows the stack of each worker
 * that claims it would stop the queue. Inputs and results of probes are far from both bounds; a message with large attachments is not far from the first.
 */
const MOST_CHARACTERS = 64 * 1024 * 1024;
const MOST_DEPTH = 128;

/** The JSON object in a body, or what is wrong with it. Never throws. */
export function readEvent(body: string): object | string {
  if (body.length > MOST_CHARACTERS) return `it has more than ${MOST_CHARACTERS} characters`;
  if (isTooDeep(body)) return `it is nested more than ${MOST_DEPTH} levels deep`;
  try {
    const event: unknown = JSON.parse(body);
    return event !== null && typeof event === "object" ? event : "it is no JSON object";
  } catch {
    return "it is not JSON";
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: readonly number[] = [0x5b, 0x7b];
const CLOSING: readonly number[] = [0x5d, 0x7d];

/** Counts brackets outside of strings; whether they match is for the parser to say. */
function isTooDeep(body: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < body.length; index++) {
    const code = body.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (OPENING.includes(code)) {
      if (++depth > MOST_DEPTH) return true;
    } else if (CLOSING.includes(code)) depth -= 1;
  }
  return false;
}
