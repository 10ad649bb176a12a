import { withEnvironment } from "../harness/from-environment.js";
import { loadProbe } from "../harness/registry.js";
import { parseAsked } from "../harness/version.js";
import { type Arguments, secondsOf, wholeNumber } from "./arguments.js";
import { type Commands, defineCommand } from "./command.js";
import type { FailOn } from "./exit-codes.js";
import { readWord, withTarget } from "./input/read-word.js";
import { requireFile } from "./input/require-file.js";
import type { Io } from "./io.js";
import { withOverrides } from "./overrides.js";
import { formatOf } from "./present.js";
import { runOne } from "./run-one.js";
import { runOptions } from "./run-request.js";
import { allowShortSecrets } from "./short-secrets.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Runs a probe and prints its envelope: JSON, and nothing else, on stdout.",
  usage: "<probe>[@version] <target | input.json | -> [options]",
  details: [
    "A target is a word that sets the probe's target fields: mx.example.org:587, a@b.example. `probe-run describe <probe>` shows them.",
    "A file or stdin holds one input or a list: JSON, JSON Lines, YAML, or CSV with a header. For a list the output is an array of envelopes in the same order.",
    "Without a version, the newest one that accepts the input runs. A probe is a name, a file, or a package called probe-run-probe-*.",
    "The first Ctrl-C ends the run, prints what was learned and exits with 130; the second exits at once.",
  ].join("\n"),
  options: runOptions,
  examples: [
    ["network.smtp --lab", "Probe a local server: no network is needed."],
    ["network.smtp --lab=starttls --pretty", "The same over STARTTLS, as a timeline."],
    ["network.smtp mx.example.org:587 --timeout 5000", "Probe one server."],
    ["network.smtp@1 input.json", "Run the newest version 1 with the input in a file."],
    ["network.smtp input.json --queue", "Print the envelope, and store its queue side in .probe-run/queue.db."],
    ["network.smtp mx.example.org --format nagios", "As a plugin for Nagios or Icinga."],
    ["network.smtp hosts.csv --concurrency 50 --compact", "Probe a list of servers, one envelope per line."],
    ["network.smtp hosts.jsonl --processes 4 --compact", "The same on four cores, of a list of any length."],
    ["network.smtp hosts.jsonl --pretty --fail-on warning", "The same as a table, with a summary."],
    ["network.smtp mx.example.org --repeat 60 --interval 1 --pretty", "Probe once a second for a minute; percentiles at the end."],
  ],
  words: { least: 1, most: 2 },
  completes: ["probe", "file"],
  run,
});

type Given = Arguments<typeof runOptions>;

async function run({ words, options }: Given, io: Io, commands: Commands): Promise<number> {
  const [name, word] = words as [string, string | undefined];
  checkTogether(options, word);
  allowShortSecrets(options);
  if (options.processes !== null) requireFile(word as string, "--processes", io);
  const { timeoutMs, processes, ...numbers } = numbersOf(options);
  const asked = parseAsked(name);
  const loading = loadOrSuggest(asked.name, commands, io);
  const [loaded, { value: read, target, list }] = await both(loading, word === undefined || processes !== null ? NOTHING : readWord(word, asked, loading, io));
  if (target !== null && options.lab !== null)
    throw new UsageError("--lab and a target cannot be combined", "leave one of them out: the lab is a target of its own");
  if (word === undefined && options.set.length === 0 && options.lab === null) {
    throw new UsageError("missing input", "give a target, a file, - for stdin, --set KEY=VALUE for each field, or --lab");
  }
  const exporter = options.otlp ? await (await import("./export-traces.js")).traceExporter(io) : null;
  const interruption = new AbortController();
  let interrupted: number | null = null;
  const stopListening = io.onInterrupt((exitCode = 130) => {
    interrupted = exitCode;
    interruption.abort();
  });
  const lab = options.lab === null ? null : await (await import("./lab-target.js")).startLabTarget(asked.name, options.lab);
  const pusher = options.queue === null ? null : await (await import("./push-results.js")).openPusher(options.queue, io);
  try {
    const request = { asked, loaded, options, timeoutMs, failOn: failOnOf(options), signal: interruption.signal, pusher, exporter };
    const complete = (each: unknown): unknown => withEnvironment(loaded, asked, completed(each, lab?.input, options.set), io.env);
    const runAll = async (): Promise<number> => {
      if (processes !== null) {
        return (await import("./run-processes.js")).runInProcesses(
          request,
          { path: word as string, processes, concurrency: numbers.concurrency, complete },
          io,
        );
      }
      const inputs = Array.isArray(read) ? read.map(complete) : [complete(read)];
      if (!Array.isArray(read) && numbers.repeat === 1) return runOne(request, inputs[0], io);
      return (await import("./run-many.js")).runMany(request, { inputs, list, ...numbers }, io);
    };
    const code = await runAll();
    await pusher?.settled();
    return interrupted === null || formatOf(options) === "nagios" ? code : interrupted;
  } catch (error) {
    throw target === null ? error : withTarget(error, target);
  } finally {
    stopListening();
    await exporter?.close();
    await pusher?.close();
    await lab?.close();
  }
}

function failOnOf(options: Given["options"]): FailOn {
  return options["fail-on"] === "warning" ? "warning" : "error";
}

function numbersOf({ timeout, concurrency, processes, repeat, interval }: Given["options"]) {
  return {
    timeoutMs: wholeNumber("timeout", timeout, 1, 3_600_000, "milliseconds"),
    concurrency: wholeNumber("concurrency", concurrency, 1, 10_000) ?? 16,
    processes: wholeNumber("processes", processes, 1, 1024),
    repeat: wholeNumber("repeat", repeat, 1, 1_000_000) ?? 1,
    intervalMs: secondsOf("interval", interval) ?? 1000,
  };
}

function checkTogether(options: Given["options"], word: string | undefined): void {
  const { repeat, interval, processes, artifacts } = options;
  if (processes !== null && artifacts !== null) throw new UsageError("--artifacts and --processes cannot be combined", "leave one out");
  if (processes !== null && word === undefined) throw new UsageError("--processes takes a list", "give a file, or - for stdin");
  if (formatOf(options) === "nagios" && options["fail-on"] !== null)
    throw new UsageError("--fail-on and --format nagios cannot be combined", "nagios has its own exit codes: 1 for a warning, 2 for an error");
  if (interval !== null && repeat === null) throw new UsageError("--interval requires --repeat", "add --repeat N");
}

const NOTHING = Promise.resolve({ value: {}, target: null, list: null });

/** A misspelt command is parsed as a probe, so the error suggests both. */
async function loadOrSuggest(name: string, commands: Commands, { cwd }: Io): Promise<Awaited<ReturnType<typeof loadProbe>>> {
  try {
    return await loadProbe(name);
  } catch (error) {
    throw (await import("./suggest-command.js")).withCommands(error, name, commands, cwd);
  }
}

/** Both are read at once, so that the errors of both are reported. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected" && b.status === "rejected" && a.reason !== b.reason) throw new AggregateError([a.reason, b.reason]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

/** The lab's input, overridden by the given input, then by --set. */
function completed(read: unknown, lab: Readonly<Record<string, unknown>> | undefined, set: readonly string[]): unknown {
  const isObject = read !== null && typeof read === "object" && !Array.isArray(read);
  const input = lab !== undefined && isObject ? { ...lab, ...read } : read;
  return set.length === 0 ? input : withOverrides(input, set);
}
