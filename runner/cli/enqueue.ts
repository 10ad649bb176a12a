import { withEnvironment } from "../harness/from-environment.js";
import { type DefinedProbe, loadDefinition } from "../harness/registry.js";
import type { InputSchema } from "../harness/target.js";
import { type Asked, candidates, parseAsked } from "../harness/version.js";
import type { PushAnswer } from "../queue/backend.js";
import { type JobOptions, jobMessage } from "../queue/job.js";
import { PartialPushError } from "../queue/queue-error.js";
import { isScalarField, unknownField } from "../suite/field-path.js";
import { counted } from "../support/counted.js";
import { RequestError } from "../support/request-error.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { inputBatches, type ListedInput } from "./input/input-batches.js";
import { requireFile } from "./input/require-file.js";
import type { Io } from "./io.js";
import { openQueueOption } from "./open-queue-option.js";
import { queueOption } from "./queue-option.js";
import { reportError } from "./report-error.js";
import { UsageError } from "./usage-error.js";

const options = {
  queue: queueOption,
  batch: { value: "NAME", description: "Use the ids NAME:1, NAME:2, … by line, so that a list can be enqueued again after a crash without duplicates." },
  key: { value: "FIELD", description: "The input field whose value per-key limits count by: --key target_host." },
  priority: { value: "N", description: "0 to 9; higher priorities run first (0)." },
  delay: { value: "MS", description: "Run the jobs after this delay at the earliest." },
  attempts: { value: "N", description: "Move a job that cannot be run to the dead letters after N attempts (5)." },
  "retry-failures": { description: "Also retry jobs whose target failed temporarily." },
  ids: { description: "Print the id of each stored job, one per line." },
  json: { description: "Print the counts as JSON." },
} as const;

export default defineCommand({
  summary: "Stores inputs as jobs in a queue and prints how many were accepted.",
  usage: "<probe>[@version] <inputs | -> [options]",
  details: [
    "Inputs are JSON Lines, CSV with a header, a JSON array or YAML. Each is validated as for a run: invalid ones are reported and skipped, the",
    "others are stored, and the exit code is 2. Accepted jobs survive a crash. Write secrets as references: the worker resolves them.",
  ].join(" "),
  options,
  examples: [
    ["enqueue network.smtp hosts.jsonl --key target_host", "Store one job per line in .probe-run/queue.db."],
    ["enqueue network.smtp - --queue redis://localhost --batch monday", "From stdin into Redis; can be repeated without duplicates."],
  ],
  words: { least: 2, most: 2 },
  completes: ["probe", "file"],
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
  requireFile(path, "enqueue", io);
  const asked = parseAsked(name);
  const jobOptions = jobOptionsOf(given);
  const loaded = await loadDefinition(asked.name);
  const schema = loaded.probe.versions[candidates(asked, loaded.versions)[0] as string]?.input.schema as InputSchema;
  checkKey(given.key, asked, loaded);
  const queue = await openQueueOption(given.queue, io);
  const totals: Totals = { accepted: 0, duplicate: 0, refused: 0 };
  const messageOf = (each: ListedInput): ReturnType<typeof jobMessage> | null => {
    try {
      const input = withEnvironment(loaded, asked, each.read(), io.env);
      return jobMessage(loaded, asked, input, { ...jobOptions, ...idAndKey(given, each, input) });
    } catch (error) {
      totals.refused += 1;
      if (!(error instanceof RequestError)) throw error;
      reportError(error, io, each.place);
      return null;
    }
  };
  let isRead = false;
  try {
    const { jobs } = queue;
    for await (const inputs of inputBatches(path, schema, io)) {
      const messages = inputs.flatMap((each) => messageOf(each) ?? []);
      if (messages.length === 0) continue;
      const answers = await pushCounting(jobs.push(messages), totals);
      for (const answer of answers) totals[answer] += 1;
      if (given.ids) await io.out(messages.map(({ id }) => `${id}\n`).join(""));
    }
    isRead = true;
  } finally {
    await queue.close();
    // Where nothing could be read, the error says all.
    if (isRead || Object.values(totals).some((count) => count > 0)) await report(totals, given, io);
  }
  return totals.refused > 0 ? EXIT.badRequest : EXIT.ok;
}

/** Counts what was stored before a push failed. */
async function pushCounting(pushing: Promise<PushAnswer[]>, totals: Totals): Promise<PushAnswer[]> {
  try {
    return await pushing;
  } catch (error) {
    if (error instanceof PartialPushError) for (const answer of error.answers) if (answer !== null) totals[answer] += 1;
    throw error;
  }
}

function jobOptionsOf(given: Given): JobOptions {
  const priority = wholeNumber("priority", given.priority, 0, 9);
  const delayMs = wholeNumber("delay", given.delay, 0, 999_999_999, "milliseconds");
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

/** A misspelled field would give no job a key, and limits by key would do nothing. */
function checkKey(key: string | null, asked: Asked, { probe, versions }: DefinedProbe): void {
  if (key === null) return;
  const path = key.split(".");
  const schemas = candidates(asked, versions).map((version) => probe.versions[version]?.input.schema);
  const problems = schemas.map((schema) => unknownField(schema, path, "input"));
  if (schemas.some((schema, place) => problems[place] === null && isScalarField(schema, path))) return;
  if (problems.includes(null)) throw new UsageError(`--key ${JSON.stringify(key)}: the field is no text and no number`, `give one of its fields: ${key}.NAME`);
  const [problem] = problems;
  throw new UsageError(`--key ${JSON.stringify(key)}: ${problem?.message}`, problem?.hint);
}

/** A path such as tls.mode names a field inside another one. */
function keyOf(input: unknown, path: string): string | null {
  const value = path
    .split(".")
    .reduce<unknown>((node, name) => (node === null || typeof node !== "object" ? undefined : (node as Record<string, unknown>)[name]), input);
  return typeof value === "string" || typeof value === "number" ? String(value).toLowerCase() : null;
}

async function report({ accepted, duplicate, refused }: Totals, { json, ids }: Given, io: Io): Promise<void> {
  const answers: Record<PushAnswer | "refused", number> = { accepted, duplicate, refused };
  if (json) await io.out(`${JSON.stringify(answers)}\n`);
  else {
    const text = [`${accepted} accepted`, ...(duplicate > 0 ? [counted(duplicate, "duplicate")] : []), ...(refused > 0 ? [`${refused} invalid`] : [])].join(
      ", ",
    );
    if (ids) io.err(`${text}\n`);
    else await io.out(`${text}\n`);
  }
}
