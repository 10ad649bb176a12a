import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { fileProblem } from "../../support/file-error.js";
import { RequestError } from "../../support/request-error.js";
import type { Io } from "../io.js";
import { nameOf } from "./place.js";

/** Longer lines are rejected. */
const MAX_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 10;

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** The lines of a file, or of stdin for -, in batches as they arrive. By default they are trimmed, and blank ones are counted but omitted. */
export async function* linesOf(written: string, io: Io, { keepBlank = false }: { readonly keepBlank?: boolean } = {}): AsyncGenerator<Line[]> {
  let rest: Buffer[] = [];
  let number = 0;
  const trimmed = (text: string): string => (keepBlank ? text.replace(/\r$/, "") : text.trim());
  const lineOf = (bytes: Buffer): Line => {
    number += 1;
    if (!isUtf8(bytes)) throw unreadable(`${nameOf(written)} cannot be read`, `line ${number} is not UTF-8 text`);
    return { number, text: trimmed(bytes.toString("utf8")) };
  };
  const wanted = (lines: readonly Line[]): Line[] => lines.filter(({ text }) => keepBlank || text !== "");
  for await (const chunk of bytesOf(written, io)) {
    const lines: Line[] = [];
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      lines.push(lineOf(Buffer.concat([...rest, chunk.subarray(from, to)])));
      rest = [];
      from = to + 1;
    }
    rest.push(chunk.subarray(from));
    if (rest.reduce((sum, { length }) => sum + length, 0) > MAX_BYTES) throw tooLong(written, number + 1);
    yield wanted(lines);
  }
  yield wanted([lineOf(Buffer.concat(rest))]);
}

async function* bytesOf(written: string, { stdin, cwd }: Io): AsyncGenerator<Buffer> {
  const stream = written === "-" ? stdin : createReadStream(resolve(cwd, written));
  try {
    for await (const chunk of stream) yield Buffer.from(chunk as Uint8Array);
  } catch (error) {
    throw unreadable(fileProblem(nameOf(written), error), "give a file, or - for stdin");
  }
}

function tooLong(written: string, number: number): RequestError {
  return unreadable(`${nameOf(written)}, line ${number}: it is too long`, "a line may hold 16 MB");
}

function unreadable(message: string, hint: string): RequestError {
  return new RequestError(message, "unreadable_input", [{ pointer: "", message: hint, hint: null }]);
}
