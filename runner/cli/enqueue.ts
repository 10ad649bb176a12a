import { withEnvironment } from "../harness/from-environment.js";
import { loadProbe } from "../harness/registry.js";
import { parseAsked } from "../harness/version.js";
import type { PushAnswer } from "../queue/backend.js";
import { type JobOptions, jobMessage } from "../queue/job.js";
import { RequestError } from "../support/request-error.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { parseJson } from "./input/json-text.js";
import { type Line, linesOf } from "./input/lines.js";
import type { Io } from "./io.js";
import { openGiven } from "./open-queue-option.js";
import { queueOption } from "./queue-option.js";
import { requestErrorText } from "./report-error.js";

const options = {
  queue: queueOption,
  batch: { value: "NAME", description: "Give the jobs the ids NAME:1, NAME:2, … by line: enqueued again, after a crash, none of them runs twice." },
  key: { value: "FIELD", description: "The field of the input whose value limits count by: --key target_host." },
  priority: { value: "N", description: "0 to 9; higher goes first (0)." },
  delay: { value: "MS", description: "Not before this many milliseconds have passed." },
  attempts: { value: "N", description: "After so many attempts a job that cannot be run goes to the dead letters (5)." },
  "retry-failures": { description: "Also run it again when the target failed in a way that may pass." },
  ids: { description: "Print the id of each job, one a line, when it is stored." },
  json: { description: "Print the numbers as JSON." },
} as const;

export default defineCommand({
  summary: "Stores one job a line in a queue, and prints how many were accepted.",
  usage: "<probe>[@version] <inputs.jsonl | -> [options]",
  details: [
    "Each line is one input, and is checked as a run would check it. A line that does not fit is told and left out; the others are stored, and the",
    "exit code is 2. What was accepted is stored for good. Secrets are written as references: a worker looks them up.",
  ].join(" "),
  options,
  examples: [
    ["enqueue network.smtp hosts.jsonl --key target_host", "Store a job a line in .probe-run/queue.db."],
    ["enqueue network.smtp - --queue redis://localhost --batch monday", "From stdin into Redis; again without doubling anything."],
  ],
  words: { least: 2, most: 2 },
  run,
});

type Given = Arguments<typeof options>["options"];

interface Totals {
  accepted: number;
  duplicate: number;
  refused: number;
}

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [name, path] = words as [string, string];
  const asked = parseAsked(name);
  const jobOptions = jobOptionsOf(given);
  const loaded = await loadProbe(asked.name);
  const queue = await openGiven(given.queue, io);
  const totals: Totals = { accepted: 0, duplicate: 0, refused: 0 };
  try {
    const { jobs } = queue;
    for await (const lines of linesOf(path, io)) {
      const messages = lines.flatMap((line) => {
        try {
          const input = withEnvironment(loaded, asked, parseJson(line.text, "the line"), io.env);
          return [jobMessage(loaded, asked, input, { ...jobOptions, ...idAndKey(given, line, input) })];
        } catch (error) {
          totals.refused += 1;
          tell(error, line, io);
          return [];
        }
      });
      if (messages.length === 0) continue;
      const answers = await jobs.push(messages);
      for (const answer of answers) totals[answer] += 1;
      if (given.ids) await io.out(messages.map(({ id }) => `${id}\n`).join(""));
    }
  } finally {
    await queue.close();
    await report(totals, given, io);
  }
  return totals.refused > 0 ? EXIT.badRequest : EXIT.ok;
}

function jobOptionsOf(given: Given): JobOptions {
  const priority = wholeNumber("priority", given.priority, 0, 9);
  const delayMs = wholeNumber("delay", given.delay, 0, 999_999_999);
  const maxAttempts = wholeNumber("attempts", given.attempts, 1, 1000);
  return {
    retryFailures: given["retry-failures"],
    ...(priority === null ? {} : { priority }),
    ...(delayMs === null ? {} : { delayMs }),
    ...(maxAttempts === null ? {} : { maxAttempts }),
  };
}

function idAndKey({ batch, key }: Given, { number }: Line, input: unknown): JobOptions {
  return { ...(batch === null ? {} : { id: `${batch}:${number}` }), ...(key === null ? {} : { key: keyOf(input, key) }) };
}

/** A field inside another one by its path: tls.mode. */
function keyOf(input: unknown, path: string): string | null {
  const value = path
    .split(".")
    .reduce<unknown>((node, name) => (node === null || typeof node !== "object" ? undefined : (node as Record<string, unknown>)[name]), input);
  return typeof value === "string" || typeof value === "number" ? String(value).toLowerCase() : null;
}

function tell(error: unknown, { number }: Line, io: Io): void {
  if (!(error instanceof RequestError)) throw error;
  io.err(`line ${number}: ${requestErrorText(error)}`);
}

async function report({ accepted, duplicate, refused }: Totals, { json, ids }: Given, io: Io): Promise<void> {
  const answers: Record<PushAnswer | "refused", number> = { accepted, duplicate, refused };
  if (json) await io.out(`${JSON.stringify(answers)}\n`);
  else {
    const text = [`${accepted} accepted`, ...(duplicate > 0 ? [`${duplicate} there already`] : []), ...(refused > 0 ? [`${refused} refused`] : [])].join(", ");
    if (ids) io.err(`${text}\n`);
    else await io.out(`${text}\n`);
  }
}
