import { createReadStream } from "node:fs";
import { basename, resolve } from "node:path";
import { type ReadSamples, readSamples } from "../report/read-samples.js";
import { reportPage } from "../report/report-page.js";
import { summarise } from "../report/summarise.js";
import { fileProblem } from "../support/file-error.js";
import { RequestError } from "../support/request-error.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { pagePath, writePage } from "./page-file.js";
import { UsageError } from "./usage-error.js";

const options = {
  output: { short: "o", value: "FILE", description: "Write the page there; without it, to stdout. An earlier page is replaced, and no other file." },
  baseline: { value: "FILE", description: "Results to compare with." },
  title: { value: "TEXT", description: "The page's title; the name of the file by default." },
} as const;

export default defineCommand({
  summary: "Makes an HTML page of results: counts, percentiles by operation, failures, differences to a baseline.",
  usage: "<results.jsonl | -> [options]",
  details:
    "Reads what `run --format jsonl`, `run` of a list, and `consume` print: JSON lines or a JSON array of envelopes, outputs or events. The page is one file without script that makes no request.",
  options,
  examples: [
    ["report results.jsonl -o report.html", "Make a page of what `run --format jsonl` has printed."],
    ["report after.jsonl --baseline before.jsonl -o report.html", "Compare two lists of results."],
  ],
  words: { least: 1, most: 1 },
  run,
});

async function run({ words: [file = ""], options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  if (file === "-" && given.baseline === "-") throw new UsageError("stdin cannot be both the results and the baseline");
  const output = given.output === null ? null : pagePath("--output", given.output, io);
  const read = await samplesOf(file, io);
  const baseline = given.baseline === null ? null : { name: basename(given.baseline), summary: summarise((await samplesOf(given.baseline, io)).samples) };
  const title = given.title ?? (file === "-" ? "Results" : basename(file));
  const text = reportPage(summarise(read.samples), { title, baseline, notes: notesOf(read) });
  if (output === null) await io.out(text);
  else await writePage(output, text);
  return EXIT.ok;
}

async function samplesOf(file: string, io: Io): Promise<ReadSamples> {
  const chunks = file === "-" ? io.stdin : createReadStream(resolve(io.cwd, file));
  const read = await readSamples(chunks).catch((error: unknown) => {
    throw new UsageError(fileProblem(file === "-" ? "stdin" : file, error), "give a file of results, or - for stdin");
  });
  if (read.samples.length === 0) throw new RequestError(`${file === "-" ? "stdin" : file} holds no results`, "usage", []);
  return read;
}

function notesOf({ others, dropped }: ReadSamples): string[] {
  return [
    ...(others === 0 ? [] : [`${others} lines are no results, as of runs that could not be made.`]),
    ...(dropped === 0 ? [] : [`${dropped} results beyond the most that a report takes are not counted.`]),
  ];
}
