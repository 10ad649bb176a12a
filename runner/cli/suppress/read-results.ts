import type { Line } from "../input/lines.js";

/** One result of a file, as parsed JSON; undefined if it is not JSON. */
export interface ReadResult {
  /** `line 3`, or `result 3` of a JSON value over several lines. */
  readonly place: string;
  readonly value: unknown;
}

/** A file over several lines that is longer is read line by line. */
const MAX_WHOLE = 64 * 1024 * 1024;

/** Results of one line each, or one JSON value over several lines: an envelope as it is printed by default, or an array of them. */
export async function* resultsIn(batches: AsyncIterable<Line[]>): AsyncGenerator<ReadResult[]> {
  let held: Line[] | null = [];
  let length = 0;
  for await (const lines of batches) {
    if (held === null) yield lines.map(ofLine);
    else {
      held.push(...lines);
      length += lines.reduce((sum, { text }) => sum + text.length, 0);
      if (held.length === 0 || (beginsValue(held[0] as Line) && length <= MAX_WHOLE)) continue;
      yield held.map(ofLine);
      held = null;
    }
  }
  if (held !== null && held.length > 0) yield ofWhole(held) ?? held.map(ofLine);
}

/** A first line that is not JSON begins a value that is longer than a line. */
function beginsValue({ text }: Line): boolean {
  return /^[[{]/.test(text) && parsed(text) === undefined;
}

function ofWhole(lines: readonly Line[]): ReadResult[] | null {
  const value = parsed(lines.map(({ text }) => text).join("\n"));
  if (value === undefined) return null;
  return (Array.isArray(value) ? value : [value]).map((each, index) => ({ place: `result ${index + 1}`, value: each }));
}

function ofLine({ number, text }: Line): ReadResult {
  return { place: `line ${number}`, value: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
