import { RequestError } from "../../support/request-error.js";

/** No probe's input is nested deeper, and deeper nesting could overflow the stack. */
const MAX_LEVELS = 64;

/** Parses hand-written JSON; an error names the line and column. */
export function parseJson(text: string, name: string, nameFault = placeOf): unknown {
  if (text.trim() === "") throw unreadableText(`${name} is empty`, "it must hold a JSON object, or an array of them");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { at, expected } = firstFault(text);
    throw unreadableText(`${name} is not JSON`, `${nameFault(text, at)}: ${expected}, found ${foundAt(text, at)}`);
  }
  checkDepth(value, name);
  return value;
}

/** Parses a line of JSON Lines, whose number the caller names. */
export function parseJsonLine(line: string): unknown {
  return parseJson(line, "it", (_, at) => `column ${at + 1}`);
}

export function checkDepth(value: unknown, name: string): void {
  if (isDeeperThan(value, MAX_LEVELS)) throw unreadableText(`${name} is nested too deeply`, `it has more than ${MAX_LEVELS} levels`);
}

export function unreadableText(message: string, violation: string): RequestError {
  return new RequestError(message, "unreadable_input", [{ pointer: "", message: violation, hint: null }]);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}

/** JSON.parse does not always report the position, and its wording depends on the version. */
interface Fault {
  at: number;
  expected: string;
}

const SPACE = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259, section 7: they must be escaped
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const STRING_BEGUN = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** What may follow. */
type State = "value" | "valueOrEnd" | "key" | "keyOrEnd" | "colon" | "after";

interface Step {
  at: number;
  state: State;
}

function firstFault(text: string): Fault {
  const open: string[] = [];
  let step: Step | Fault = { at: 0, state: "value" };
  while ("state" in step) step = next(text, skip(SPACE, text, step.at), step.state, open);
  return step;
}

/** Consumes one token; `open` holds the enclosing brackets. */
function next(text: string, at: number, state: State, open: string[]): Step | Fault {
  const character = text[at];
  const close = open.length === 0 ? null : open.at(-1) === "{" ? "}" : "]";
  if (character === close && (state === "after" || state.endsWith("OrEnd"))) {
    open.pop();
    return { at: at + 1, state: "after" };
  }
  switch (state) {
    case "after":
      if (close === null) return { at, expected: "expected nothing more" };
      return character === "," ? { at: at + 1, state: close === "}" ? "key" : "value" } : { at, expected: `expected a comma or ${close}` };
    case "colon":
      return character === ":" ? { at: at + 1, state: "value" } : { at, expected: "expected a colon" };
    case "key":
    case "keyOrEnd":
      return afterToken(text, at, skip(STRING, text, at), "colon") ?? { at, expected: "expected a field name in double quotes" };
    default:
      return nextValue(text, at, open);
  }
}

function nextValue(text: string, at: number, open: string[]): Step | Fault {
  const character = text[at];
  if (character === "{" || character === "[") {
    open.push(character);
    return { at: at + 1, state: character === "{" ? "keyOrEnd" : "valueOrEnd" };
  }
  return afterToken(text, at, Math.max(skip(STRING, text, at), skip(SCALAR, text, at)), "after") ?? faultyValue(text, at);
}

function afterToken(text: string, began: number, ended: number, state: State): Step | Fault | null {
  if (ended > began) return { at: ended, state };
  return text[began] === '"' ? faultyValue(text, began) : null;
}

/** In a string, the error is after its start. */
function faultyValue(text: string, at: number): Fault {
  if (text[at] !== '"') return { at, expected: "expected a value" };
  return { at: skip(STRING_BEGUN, text, at), expected: "expected the end of a string" };
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  return `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
}

function foundAt(text: string, at: number): string {
  const character = text[at];
  if (character === undefined) return "the end";
  const word = /^[\w.+-]+/.exec(text.slice(at, at + 24));
  return JSON.stringify(word?.[0] ?? String.fromCodePoint(text.codePointAt(at) as number));
}
