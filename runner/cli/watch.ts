import { resolve } from "node:path";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import type { Io } from "./io.js";
import { allowShortSecrets } from "./short-secrets.js";
import { UsageError } from "./usage-error.js";
import { readWatch } from "./watch/read-watch.js";
import { watchOn } from "./watch/watch-on.js";
import { watchOnce } from "./watch/watch-once.js";
import { watchOptions } from "./watch/watch-options.js";

export default defineCommand({
  summary: "Watches a suite: runs its checks on schedule, keeps history, and reports incidents.",
  usage: "<checks.yaml> [options]",
  details: [
    "The file is a suite as for `probe-run test`; its `watch:` says how often a check runs, when an incident opens and closes, and where changes are sent.",
    "Each check runs once a slot, at its own moment of the interval. A change of an incident is stored together with the result that brought it,",
    "and is sent to each receiver until it is taken, always with the same id. A changed file, and SIGHUP, are read at once; one that is wrong changes nothing. SIGTERM or Ctrl-C ends the watch; it continues where it was.",
  ].join(" "),
  options: watchOptions,
  examples: [
    ["watch mail.yaml", "Watch, with the history in .probe-run/history.db."],
    ["watch mail.yaml --once --format junit", "Run every check once, for a build server."],
    ["watch mail.yaml --history /var/lib/probe-run/mail.db --listen 127.0.0.1:9464", "As a service, with metrics."],
    ["watch mail.yaml --queue redis://queue.example.org", "Workers of the queue run the checks; start it on two machines, and either may fail."],
  ],
  words: { least: 1, most: 1 },
  run,
});

async function run({ words: [file = ""], options: given }: Arguments<typeof watchOptions>, io: Io): Promise<number> {
  allowShortSecrets(given);
  if (given.once && given.queue !== null) throw new UsageError("--once runs every check here, without a queue");
  const concurrency = wholeNumber("concurrency", given.concurrency, 1, 100_000);
  const read = await readWatch(resolve(io.cwd, file), io);
  return given.once ? watchOnce(read, given, concurrency, io) : watchOn(read, given, concurrency ?? 1000, io);
}
