import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { LoadedProbe } from "../../harness/registry.js";
import { fieldsOfTarget, type InputSchema, inputFromTarget, missingFields } from "../../harness/target.js";
import { type Asked, candidates } from "../../harness/version.js";
import { RequestError } from "../../support/request-error.js";
import type { Io } from "../io.js";
import { looksLikeFile } from "./format.js";
import { parseInputs } from "./parse-inputs.js";
import { nameOf } from "./place.js";
import { readText } from "./read-text.js";

/** The input that a word on the command line stands for. */
export interface Read {
  readonly value: unknown;
  /** Null for a single input. */
  readonly list: ListPlaces | null;
  /** A note for the error if the input is rejected; null for a file. */
  readonly target: TargetWord | null;
}

/** Where the inputs of a list are: its name, and `line 3` or `input 3` of each. */
export interface ListPlaces {
  readonly name: string;
  readonly places: readonly string[];
}

interface TargetWord {
  readonly word: string;
  readonly fields: readonly string[];
}

async function readFile(word: string, schema: () => Promise<InputSchema>, io: Io): Promise<Omit<Read, "target">> {
  const name = nameOf(word);
  const text = await readText(word, io, { mayBeEmpty: true });
  const { value, places } = text.trim() === "" ? { value: [], places: [] } : await parseInputs(text, name, await schema());
  if (places?.length === 0) throw holdsNoInput(name);
  return { value, list: places === null ? null : { name, places } };
}

/** There is nothing to run. */
export function holdsNoInput(name: string): RequestError {
  return new RequestError(`${name} holds no input`, "unreadable_input", [{ pointer: "", message: "there is nothing to run", hint: null }]);
}

/** Reads the input for a word: a file, - for stdin, or a target of the probe. */
export async function readWord(word: string, asked: Asked, loading: Promise<LoadedProbe>, io: Io): Promise<Read> {
  if (word === "-" || (word.trim() !== "" && isInput(resolve(io.cwd, word), word)) || looksLikeFile(word)) {
    return { ...(await readFile(word, async () => schemaOf(await loading, asked), io)), target: null };
  }
  if (word.trim() === "") throw new RequestError("the target is empty", "usage", [{ pointer: "", message: "is the variable set?", hint: null }]);
  const loaded = await loading;
  const schema = schemaOf(loaded, asked);
  const { target, name } = loaded.probe;
  // An older contract may have other target fields.
  if (target === undefined || missingFields(target, schema).length > 0) throw takesNoTarget(asked.version === null ? name : `${name}@${asked.version}`, word);
  return { value: inputFromTarget(target, schema, word), target: { word, fields: fieldsOfTarget(target) }, list: null };
}

function schemaOf({ probe, versions }: LoadedProbe, asked: Asked): InputSchema {
  return probe.versions[candidates(asked, versions)[0] as string]?.input.schema as InputSchema;
}

/** A directory may have the same name as the domain. */
function isInput(path: string, word: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !(stat.isDirectory() && /[.:@]/.test(word));
}

function takesNoTarget(probe: string, word: string): RequestError {
  return new RequestError(`there is no file ${JSON.stringify(word)}`, "unreadable_input", [
    { pointer: "", message: `${probe} does not accept a target on the command line: give a file, - for stdin, or --set KEY=VALUE for each field`, hint: null },
  ]);
}

/** The error for an input that was built from a word, which may have been meant as a file. */
export function withTarget(error: unknown, { word, fields }: TargetWord): unknown {
  if (!(error instanceof RequestError) || error.code !== "invalid_input") return error;
  if (!error.violations.some(({ pointer }) => fields.some((field) => pointer === `/${field}` || pointer.startsWith(`/${field}/`)))) return error;
  // A URL may hold a password, and what is printed may be kept.
  const shown = word.replace(/(?<=\/\/)[^/?#\s]*@/, "…@");
  const note = { pointer: "", message: `there is no file ${JSON.stringify(shown)}, so it was read as ${fields.join(" and ")}`, hint: null };
  return new RequestError(error.summary, error.code, [...error.violations, note]);
}
