import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { RequestError } from "../../support/request-error.js";
import type { Io } from "../io.js";

/** A line of more than this is a mistake. */
const MOST_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 10;

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** The lines of a file, or of stdin for -: as many at a time as came at a time. Empty ones are left out, and counted. */
export async function* linesOf(written: string, io: Io): AsyncGenerator<Line[]> {
  let rest: Buffer[] = [];
  let number = 0;
  const lineOf = (bytes: Buffer): Line => ({ number: ++number, text: bytes.toString("utf8").trim() });
  for await (const chunk of bytesOf(written, io)) {
    const lines: Line[] = [];
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      lines.push(lineOf(Buffer.concat([...rest, chunk.subarray(from, to)])));
      rest = [];
      from = to + 1;
    }
    rest.push(chunk.subarray(from));
    if (rest.reduce((sum, { length }) => sum + length, 0) > MOST_BYTES) throw tooLong(written, number + 1);
    yield withoutEmpty(lines);
  }
  yield withoutEmpty([lineOf(Buffer.concat(rest))]);
}

function withoutEmpty(lines: readonly Line[]): Line[] {
  return lines.filter(({ text }) => text !== "");
}

async function* bytesOf(written: string, { stdin, cwd }: Io): AsyncGenerator<Buffer> {
  const stream = written === "-" ? stdin : createReadStream(resolve(cwd, written));
  try {
    for await (const chunk of stream) yield Buffer.from(chunk as Uint8Array);
  } catch (error) {
    throw cannotRead(written, error as NodeJS.ErrnoException);
  }
}

function cannotRead(written: string, { code, message }: NodeJS.ErrnoException): RequestError {
  if (code === "ENOENT") return unreadable(`there is no file ${JSON.stringify(written)}`, "give a file with one JSON object a line, or - for stdin");
  if (code === "EISDIR") return unreadable(`${written} is a directory`, "give a file with one JSON object a line, or - for stdin");
  return unreadable(`${written} cannot be read`, message);
}

function tooLong(written: string, number: number): RequestError {
  return unreadable(`line ${number} of ${written} is too long`, "a line holds 16 MB at most, and is one JSON object");
}

function unreadable(message: string, hint: string): RequestError {
  return new RequestError(message, "unreadable_input", [{ pointer: "", message: hint, hint: null }]);
}
