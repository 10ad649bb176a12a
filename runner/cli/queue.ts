import { type Channel, isChannel, type PurgeableState } from "../queue/backend.js";
import type { Queue } from "../queue/queue.js";
import { QueueError } from "../queue/queue-error.js";
import { printable } from "../support/printable.js";
import { table } from "../support/table.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { openQueueOption } from "./open-queue-option.js";
import { queueOption } from "./queue-option.js";
import { UsageError } from "./usage-error.js";

const options = {
  queue: queueOption,
  results: { description: "Act on results instead of jobs." },
  most: { value: "N", description: "Maximum number of dead letters to show (50)." },
  json: { description: "Print JSON instead of a table." },
} as const;

export default defineCommand({
  summary: "Inspects and manages a queue.",
  usage: "<stats | dead | retry | purge | pause | resume> [arguments] [options]",
  details: [
    "stats              Count waiting, delayed, leased, dead and finished jobs and results.",
    "dead               List dead letters with their last failures.",
    "retry [ID …]       Return dead letters to the queue: all, or those with these ids.",
    "purge STATE        Delete messages that are dead, done or waiting. Ids that were done can be enqueued again.",
    "pause, resume      Workers claim no more jobs until `resume`; running jobs finish.",
  ].join("\n"),
  options,
  examples: [
    ["queue stats", "Count the messages in .probe-run/queue.db."],
    ["queue dead --results --queue redis://localhost", "List the results that no consumer accepted."],
    ["queue retry", "Retry all dead jobs."],
    ["queue purge dead --json", "Delete the dead letters, and print their number."],
  ],
  words: { least: 1, most: 1000 },
  run,
});

type Given = Arguments<typeof options>["options"];
type Action = (queue: Queue, words: readonly string[], given: Given, io: Io) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = { stats, dead, retry, purge, pause, resume };

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [name, ...rest] = words as [string, ...string[]];
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) throw new UsageError(`unknown action ${JSON.stringify(name)}`, `the actions are ${Object.keys(ACTIONS).join(", ")}`);
  if (name !== "retry" && name !== "purge" && rest.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}`);
  const queue = await openQueueOption(given.queue, io, { mayCreate: false });
  try {
    await action(queue, rest, given, io);
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
  const deadLetters = await channelOf(queue, given).deadLetters(wholeNumber("most", given.most, 1, 100_000) ?? 50);
  if (given.json) return io.out(`${JSON.stringify(deadLetters, null, 2)}\n`);
  if (deadLetters.length === 0) return io.out("no dead letters\n");
  const rows = deadLetters.map(({ id, attempts, failure: { at, reason, message } }) => [printable(id), String(attempts), at, reason, printable(message)]);
  return io.out(table(["ID", "ATTEMPTS", "DIED", "REASON", "LAST FAILURE"], rows, widthOf(io)));
}

async function retry(queue: Queue, ids: readonly string[], given: Given, io: Io): Promise<void> {
  await printCount("retried", await channelOf(queue, given).retryDead(ids.length === 0 ? null : ids), given, io);
}

const PURGEABLE: readonly string[] = ["dead", "done", "waiting"] satisfies PurgeableState[];

async function purge(queue: Queue, words: readonly string[], given: Given, io: Io): Promise<void> {
  const [what] = words;
  if (words.length !== 1 || !PURGEABLE.includes(what as string))
    throw new UsageError("missing argument: the state to purge", `queue purge ${PURGEABLE.join(", or queue purge ")}`);
  await printCount("purged", await channelOf(queue, given).purge(what as PurgeableState), given, io);
}

async function pause(queue: Queue, _: readonly string[], given: Given, io: Io): Promise<void> {
  await channelOf(queue, given).pause();
  await io.out(given.json ? '{"paused":true}\n' : "paused\n");
}

async function resume(queue: Queue, _: readonly string[], given: Given, io: Io): Promise<void> {
  await channelOf(queue, given).resume();
  await io.out(given.json ? '{"paused":false}\n' : "resumed\n");
}

function printCount(what: string, number: number, { json }: Given, io: Io): Promise<void> {
  return io.out(json ? `${JSON.stringify({ [what]: number })}\n` : `${number} ${what}\n`);
}

function channelOf(queue: Queue, { results: ofResults }: Given): Channel {
  if (!ofResults) return queue.jobs;
  const { results, address } = queue;
  if (isChannel(results)) return results;
  throw new QueueError("failed", `${address} only forwards results: there is nothing to inspect`);
}

function widthOf({ stdout }: Io): number {
  return stdout.isTty ? stdout.columns : Number.POSITIVE_INFINITY;
}
