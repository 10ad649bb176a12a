import type { InputSchema } from "../../harness/target.js";
import type { Io } from "../io.js";
import { type Format, formatOfName, formatOfText } from "./format.js";
import { linesOf } from "./lines.js";
import { parseInputs, rowReader } from "./parse-inputs.js";
import { nameOf, readAt } from "./place.js";
import { readText } from "./read-text.js";

/** One input of a list. Reading it may throw a RequestError, which does not affect the others. */
export interface ListedInput {
  /** Its line, or its index in an array; from 1. */
  readonly number: number;
  /** The same in words, with the file: `hosts.csv, line 3`, `stdin, input 3`. */
  readonly place: string;
  readonly read: () => unknown;
}

/** The inputs of a file, or of stdin for -; none of an empty one. JSON Lines and CSV are streamed; JSON and YAML are read as a whole. */
export async function* inputBatches(written: string, schema: InputSchema, io: Io): AsyncGenerator<ListedInput[]> {
  const named = formatOfName(written);
  if (named === "json" || named === "yaml") yield* whole(await readText(written, io, { mayBeEmpty: true }), written, schema, named);
  else if (named !== null) yield* byLine(linesOf(written, io), named, schema, written);
  else yield* sniffed(written, schema, io);
}

/** Without a file name, the first line decides. */
async function* sniffed(written: string, schema: InputSchema, io: Io): AsyncGenerator<ListedInput[]> {
  const name = nameOf(written);
  const batches = linesOf(written, io, { keepBlank: true });
  let format: Format | null = null;
  let held: string[] = [];
  for await (const lines of batches) {
    const first = lines.find(({ text }) => text.trim() !== "");
    if (first === undefined) continue;
    format = formatOfText(first.text);
    const rest = (async function* () {
      yield lines;
      yield* batches;
    })();
    if (format === "jsonl" || format === "csv") return yield* byLine(rest, format, schema, name);
    for await (const each of rest) held = held.concat(each.map(({ text }) => text));
  }
  yield* whole(held.join("\n"), name, schema, format ?? "json");
}

async function* whole(text: string, name: string, schema: InputSchema, format: "json" | "yaml"): AsyncGenerator<ListedInput[]> {
  if (text.trim() === "") return;
  const { value } = await parseInputs(text, name, schema, format);
  yield (Array.isArray(value) ? value : [value]).map((each, index) => ({ number: index + 1, place: `${name}, input ${index + 1}`, read: () => each }));
}

async function* byLine(batches: ReturnType<typeof linesOf>, format: "jsonl" | "csv", schema: InputSchema, name: string): AsyncGenerator<ListedInput[]> {
  const read = await rowReader(format, schema);
  for await (const lines of batches) {
    yield lines
      .filter(({ text }) => text.trim() !== "")
      .flatMap(({ number, text }) => {
        const place = `${name}, line ${number}`;
        return readAt(place, () => read(text.trim())).map((each) => ({ number, place, read: each }));
      });
  }
}
