import { withEnvironment } from "../harness/from-environment.js";
import { loadDefinition } from "../harness/registry.js";
import type { InputSchema } from "../harness/target.js";
import { candidates, parseAsked } from "../harness/version.js";
import type { PushAnswer } from "../queue/backend.js";
import { type JobOptions, jobMessage } from "../queue/job.js";
import { PartialPushError } from "../queue/queue-error.js";
import { RequestError } from "../support/request-error.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { inputBatches, type ListedInput } from "./input/input-batches.js";
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
  summary: "Stores inputs as jobs in a queue, and prints how many were accepted.",
  usage: "<probe>[@version] <inputs | -> [options]",
  details: [
    "Inputs are JSON Lines, CSV with a header, a JSON array or YAML. Each is checked as a run would check it: an invalid one is reported and skipped, the",
    "others are stored, and the exit code is 2. Accepted jobs survive a crash. Write secrets as references: the worker resolves them.",
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
  const loaded = await loadDefinition(asked.name);
  const schema = loaded.probe.versions[candidates(asked, loaded.versions)[0] as string]?.input.schema as InputSchema;
  const queue = await openGiven(given.queue, io);
  const totals: Totals = { accepted: 0, duplicate: 0, refused: 0 };
  try {
    const { jobs } = queue;
    for await (const inputs of inputBatches(path, schema, io)) {
      const messages = inputs.flatMap((each) => {
        try {
          const input = withEnvironment(loaded, asked, each.read(), io.env);
          return [jobMessage(loaded, asked, input, { ...jobOptions, ...idAndKey(given, each, input) })];
        } catch (error) {
          totals.refused += 1;
          tell(error, each, io);
          return [];
        }
      });
      if (messages.length === 0) continue;
      const answers = await counted(jobs.push(messages), totals);
      for (const answer of answers) totals[answer] += 1;
      if (given.ids) await io.out(messages.map(({ id }) => `${id}\n`).join(""));
    }
  } finally {
    await queue.close();
    await report(totals, given, io);
  }
  return totals.refused > 0 ? EXIT.badRequest : EXIT.ok;
}

/** Of a push that fails in the middle, what is stored counts as well. */
async function counted(pushing: Promise<PushAnswer[]>, totals: Totals): Promise<PushAnswer[]> {
  try {
    return await pushing;
  } catch (error) {
    if (error instanceof PartialPushError) for (const answer of error.answers) if (answer !== null) totals[answer] += 1;
    throw error;
  }
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

function idAndKey({ batch, key }: Given, { number }: ListedInput, input: unknown): JobOptions {
  return { ...(batch === null ? {} : { id: `${batch}:${number}` }), ...(key === null ? {} : { key: keyOf(input, key) }) };
}

/** A field inside another one by its path: tls.mode. */
function keyOf(input: unknown, path: string): string | null {
  const value = path
    .split(".")
    .reduce<unknown>((node, name) => (node === null || typeof node !== "object" ? undefined : (node as Record<string, unknown>)[name]), input);
  return typeof value === "string" || typeof value === "number" ? String(value).toLowerCase() : null;
}

function tell(error: unknown, { place }: ListedInput, io: Io): void {
  if (!(error instanceof RequestError)) throw error;
  // A line that cannot be read is named by its error already.
  io.err(`${error.code === "unreadable_input" ? "" : `${place}: `}${requestErrorText(error)}`);
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
