import { closeSync, createReadStream, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { nearest } from "../../support/did-you-mean.js";
import { fileProblem } from "../../support/file-error.js";
import { RequestError } from "../../support/request-error.js";
import type { Io } from "../io.js";
import { formatOfName } from "./format.js";
import { nameOf } from "./place.js";

/** Larger inputs are rejected before they are read. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The text of a given input: a file, or - for stdin. */
export async function readText(written: string, io: Io, { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {}): Promise<string> {
  return decoded(await readBytes(written, io, { mayBeEmpty }), nameOf(written));
}

/** The same as bytes, for an input that need not be UTF-8. */
export async function readBytes(written: string, io: Io, { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {}): Promise<Uint8Array> {
  const bytes = written === "-" ? await readStdin(io) : await readFileCapped(written, io);
  if (bytes.length === 0 && !mayBeEmpty) throw unreadable(`${nameOf(written)} is empty`, "give a file that is not empty");
  return bytes;
}

async function readStdin({ stdin }: Io): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += chunk.length;
    if (size > MAX_BYTES) throw unreadable("stdin is too large", "it holds more than 16 MB", "an input holds 16 MB at most");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readFileCapped(written: string, io: Io): Promise<Uint8Array> {
  try {
    // Synchronous: nothing else runs yet, and starting the threads of node:fs/promises takes longer than reading the file.
    const file = openSync(resolve(io.cwd, written), "r");
    try {
      const stat = fstatSync(file);
      if (stat.isDirectory()) throw unreadable(fileProblem(written, { code: "EISDIR" }), "give a file, or - for stdin");
      if (stat.size > MAX_BYTES)
        throw unreadable(`${written} is too large`, `it holds ${Math.ceil(stat.size / 1024 / 1024)} MB`, "an input holds 16 MB at most");
      // A pipe or a device has no size, so it is read to its end.
      if (!stat.isFile()) return await readStdin({ ...io, stdin: createReadStream("", { fd: file, autoClose: false }) });
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw await cannotOpen(written, error as NodeJS.ErrnoException, io);
  }
}

async function cannotOpen(written: string, error: NodeJS.ErrnoException, io: Io): Promise<RequestError> {
  const problem = fileProblem(written, error);
  if (error.code !== "ENOENT") return unreadable(problem, "give a file, or - for stdin");
  const near = await neighbour(resolve(io.cwd, written));
  return unreadable(problem, near === undefined ? "give a file, or - for stdin" : `did you mean ${near}?`);
}

async function neighbour(path: string): Promise<string | undefined> {
  const { readdir } = await import("node:fs/promises");
  const { basename, dirname } = await import("node:path");
  const names = await readdir(dirname(path)).catch((): string[] => []);
  return nearest(
    basename(path),
    names.filter((name) => formatOfName(name) !== null),
    1,
  )[0];
}

function decoded(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(`${name} cannot be read`, "it is not UTF-8 text");
  }
}

function unreadable(message: string, violation: string, hint: string | null = null): RequestError {
  return new RequestError(message, "unreadable_input", [{ pointer: "", message: violation, hint }]);
}
