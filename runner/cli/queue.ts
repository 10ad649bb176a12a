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

const PURGEABLE = ["dead", "done", "waiting"] as const satisfies readonly PurgeableState[];

const options = {
  queue: queueOption,
  results: { description: "Act on results instead of jobs." },
  most: { value: "N", description: "Maximum number of dead letters to show (50)." },
  json: { description: "Print JSON instead of a table." },
} as const;

export default defineCommand({
  summary: "Inspects and manages a queue.",
  usage: "<subcommand> [arguments] [options]",
  options,
  subcommands: {
    stats: {
      usage: "",
      summary: "Count waiting, delayed, leased, dead and finished jobs and results.",
      words: { least: 0, most: 0 },
      options: ["queue", "json"],
    },
    dead: {
      usage: "",
      summary: "List dead letters with their last failures.",
      words: { least: 0, most: 0 },
      options: ["queue", "results", "most", "json"],
    },
    retry: {
      usage: "[ID …]",
      summary: "Return dead letters to the queue: all, or those with these ids.",
      words: { least: 0, most: 1000 },
      options: ["queue", "results", "json"],
      completes: ["nothing"],
    },
    purge: {
      usage: `<${PURGEABLE.join(" | ")}>`,
      summary: "Delete the messages in this state. Ids that were done can be enqueued again.",
      words: { least: 1, most: 1 },
      options: ["queue", "results", "json"],
      completes: [PURGEABLE],
    },
    pause: {
      usage: "",
      summary: "Let workers claim no more jobs; running jobs finish.",
      words: { least: 0, most: 0 },
      options: ["queue", "results", "json"],
    },
    resume: {
      usage: "",
      summary: "Let workers claim jobs again.",
      words: { least: 0, most: 0 },
      options: ["queue", "results", "json"],
    },
  },
  examples: [
    ["queue stats", "Count the messages in .probe-run/queue.db."],
    ["queue dead --results --queue redis://localhost", "List the results that no consumer accepted."],
    ["queue retry", "Retry all dead jobs."],
    ["queue purge dead --json", "Delete the dead letters, and print their number."],
    ["queue pause", "Stop the workers of a queue, for maintenance."],
    ["queue resume", "Let workers take jobs again."],
  ],
  words: { least: 1, most: 1001 },
  run,
});

type Given = Arguments<typeof options>["options"];
type Action = (queue: Queue, words: readonly string[], given: Given, io: Io) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = { stats, dead, retry, purge, pause, resume };

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [name, ...rest] = words as [string, ...string[]];
  const queue = await openQueueOption(given.queue, io, { mayCreate: false });
  try {
    await (ACTIONS[name] as Action)(queue, rest, given, io);
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

async function purge(queue: Queue, words: readonly string[], given: Given, io: Io): Promise<void> {
  const state = PURGEABLE.find((each) => each === words[0]);
  if (state === undefined) throw new UsageError(`there is no state ${JSON.stringify(words[0])} to purge`, `use one of ${PURGEABLE.join(", ")}`);
  await printCount("purged", await channelOf(queue, given).purge(state), given, io);
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
