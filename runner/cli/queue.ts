import { type Channel, isChannel, type Purgeable } from "../queue/backend.js";
import type { Queue } from "../queue/queue.js";
import { QueueError } from "../queue/queue-error.js";
import { printable } from "../support/printable.js";
import { table } from "../support/table.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { openGiven } from "./open-queue-option.js";
import { queueOption } from "./queue-option.js";
import { UsageError } from "./usage-error.js";

const options = {
  queue: queueOption,
  results: { description: "Act on results instead of jobs." },
  most: { value: "N", description: "How many dead letters to show (50)." },
  json: { description: "Print JSON instead of a table." },
} as const;

export default defineCommand({
  summary: "Looks at a queue, and tends it.",
  usage: "<stats | dead | retry | purge | pause | resume> [words] [options]",
  details: [
    "stats              How many jobs and results wait, are being worked on, are dead.",
    "dead               The dead letters, each with its last failure.",
    "retry [ID …]       Puts dead letters back: all, or these.",
    "purge WHAT         Takes away what is dead, done or waiting. What was done may be enqueued again then.",
    "pause, resume      Nobody takes a new job until resume; what runs is finished.",
  ].join("\n"),
  options,
  examples: [
    ["queue stats", "Look at .probe-run/queue.db."],
    ["queue dead --results --queue redis://localhost", "What no consumer took."],
    ["queue retry", "Give all dead jobs another chance."],
    ["queue purge dead --json", "Take the dead letters away, and print how many they were."],
  ],
  words: { least: 1, most: 1000 },
  run,
});

type Given = Arguments<typeof options>["options"];
type Act = (queue: Queue, words: readonly string[], given: Given, io: Io) => Promise<void>;

const ACTS: Readonly<Record<string, Act>> = { stats, dead, retry, purge, pause, resume };

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [name, ...rest] = words as [string, ...string[]];
  const act = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (act === undefined) throw new UsageError(`a queue has no ${JSON.stringify(name)}`, `there are: ${Object.keys(ACTS).join(", ")}`);
  if (name !== "retry" && name !== "purge" && rest.length > 0) throw new UsageError(`${JSON.stringify(rest[0])} is one word too many`);
  const queue = await openGiven(given.queue, io, { mayCreate: false });
  try {
    await act(queue, rest, given, io);
  } finally {
    await queue.close();
  }
  return EXIT.ok;
}

async function stats(queue: Queue, _: readonly string[], { json }: Given, io: Io): Promise<void> {
  const { jobs, results } = queue.backend;
  const channels = [["jobs", jobs] as const, ["results", isChannel(results) ? results : null] as const];
  const counted = await Promise.all(channels.map(async ([name, channel]) => ({ name, counts: (await channel?.counts()) ?? null })));
  if (json) return io.out(`${JSON.stringify({ queue: queue.address, ...Object.fromEntries(counted.map(({ name, counts }) => [name, counts])) }, null, 2)}\n`);
  const rows = counted.flatMap(({ name, counts }) => {
    if (counts === null) return [];
    const { waiting, delayed, leased, dead, done, isPaused } = counts;
    return [[name, ...[waiting, delayed, leased, dead, done].map(String), isPaused ? "yes" : "no"]];
  });
  return io.out(table(["", "WAITING", "DELAYED", "LEASED", "DEAD", "DONE", "PAUSED"], rows, widthOf(io)));
}

async function dead(queue: Queue, _: readonly string[], given: Given, io: Io): Promise<void> {
  const letters = await channelOf(queue, given).dead(wholeNumber("most", given.most, 1, 100_000) ?? 50);
  if (given.json) return io.out(`${JSON.stringify(letters, null, 2)}\n`);
  if (letters.length === 0) return io.out("no dead letters\n");
  const rows = letters.map(({ id, attempts, failure: { at, reason, message } }) => [printable(id), String(attempts), at, reason, printable(message)]);
  return io.out(table(["ID", "ATTEMPTS", "DIED", "REASON", "LAST FAILURE"], rows, widthOf(io)));
}

async function retry(queue: Queue, ids: readonly string[], given: Given, io: Io): Promise<void> {
  await tell("retried", await channelOf(queue, given).revive(ids.length === 0 ? null : ids), given, io);
}

const PURGEABLE: readonly string[] = ["dead", "done", "waiting"] satisfies Purgeable[];

async function purge(queue: Queue, words: readonly string[], given: Given, io: Io): Promise<void> {
  const [what] = words;
  if (words.length !== 1 || !PURGEABLE.includes(what as string)) throw new UsageError("purge what?", `queue purge ${PURGEABLE.join(", or queue purge ")}`);
  await tell("purged", await channelOf(queue, given).purge(what as Purgeable), given, io);
}

async function pause(queue: Queue, _: readonly string[], given: Given, io: Io): Promise<void> {
  await channelOf(queue, given).pause();
  await io.out(given.json ? '{"paused":true}\n' : "paused\n");
}

async function resume(queue: Queue, _: readonly string[], given: Given, io: Io): Promise<void> {
  await channelOf(queue, given).resume();
  await io.out(given.json ? '{"paused":false}\n' : "goes on\n");
}

function tell(what: string, number: number, { json }: Given, io: Io): Promise<void> {
  return io.out(json ? `${JSON.stringify({ [what]: number })}\n` : `${number} ${what}\n`);
}

function channelOf(queue: Queue, { results: ofResults }: Given): Channel {
  if (!ofResults) return queue.jobs;
  const { results, address } = queue;
  if (isChannel(results)) return results;
  throw new QueueError("failed", `${address} only hands results on: there is nothing to look at`);
}

function widthOf({ stdout }: Io): number {
  return stdout.isTty ? stdout.columns : Number.POSITIVE_INFINITY;
}
