import { withEnvironment } from "../harness/from-environment.js";
import { loadProbe } from "../harness/registry.js";
import { parseAsked } from "../harness/version.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { readWord, withTarget } from "./input/read-word.js";
import type { Io } from "./io.js";
import { withOverrides } from "./overrides.js";
import { runOne } from "./run-one.js";
import { runOptions } from "./run-request.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Runs a probe and prints its envelope: JSON, and nothing else, on stdout.",
  usage: "<probe>[@version] <target | input.json | -> [options]",
  details: [
    "A target is a word that fills the fields the probe names for it: mx.example.org:587, a@b.example. `probe-run describe <probe>` says which.",
    "A file or stdin holds one input or a list: JSON, JSON Lines, YAML, or CSV with a header. For a list the output is an array of envelopes in the same order.",
    "Without a version the newest one runs whose contract takes the input. A probe is a name, a file, or a package called probe-run-probe-*.",
    "The first Ctrl-C ends the run and prints what was learned; the second kills.",
  ].join("\n"),
  options: runOptions,
  examples: [
    ["network.smtp --lab", "Probe a local server: no network is needed."],
    ["network.smtp --lab=starttls --pretty", "The same over STARTTLS, as a picture."],
    ["network.smtp mx.example.org:587 --timeout 5000", "Probe one server."],
    ["network.smtp@1 input.json", "Run the newest version 1 with the input of a file."],
    ["network.smtp input.json --queue", "Print the envelope, and push its queue side to .probe-run/queue.db."],
    ["network.smtp hosts.json --concurrency 50 --compact", "Probe an array of servers, one envelope a line."],
  ],
  words: { least: 1, most: 2 },
  run,
});

type Given = Arguments<typeof runOptions>;

async function run({ words, options }: Given, io: Io): Promise<number> {
  const [name, word] = words as [string, string | undefined];
  if (options.pretty && options.compact) throw new UsageError("--pretty and --compact exclude each other", "leave one of them out");
  const timeoutMs = wholeNumber("timeout", options.timeout, 1, 3_600_000);
  const concurrency = wholeNumber("concurrency", options.concurrency, 1, 10_000) ?? 16;
  const asked = parseAsked(name);
  const loading = loadOrSuggest(asked.name);
  const [loaded, { value: read, target }] = await both(loading, word === undefined ? NOTHING : readWord(word, asked, loading, io));
  if (word === undefined && options.set.length === 0 && options.lab === null) {
    throw new UsageError("there is no input", "give a target, a file, - for stdin, --set KEY=VALUE for each field, or --lab");
  }
  const interruption = new AbortController();
  const stopListening = io.onInterrupt(() => interruption.abort());
  const lab = options.lab === null ? null : await (await import("./lab-target.js")).startLabTarget(asked.name, options.lab);
  const pusher = options.queue === null ? null : await (await import("./push-results.js")).openPusher(options.queue, io);
  try {
    const request = { asked, loaded, options, timeoutMs, signal: interruption.signal, pusher };
    const complete = (each: unknown): unknown => withEnvironment(loaded, asked, completed(each, lab?.input, options.set), io.env);
    const code = Array.isArray(read)
      ? await (await import("./run-many.js")).runMany(request, read.map(complete), concurrency, io)
      : await runOne(request, complete(read), io);
    await pusher?.settled();
    return code;
  } catch (error) {
    throw target === null ? error : withTarget(error, target);
  } finally {
    stopListening();
    await pusher?.close();
    await lab?.close();
  }
}

const NOTHING = Promise.resolve({ value: {}, target: null });

/** A misspelt command is taken for a probe: it gets the names of both. */
async function loadOrSuggest(name: string): Promise<Awaited<ReturnType<typeof loadProbe>>> {
  try {
    return await loadProbe(name);
  } catch (error) {
    throw (await import("./suggest-command.js")).withCommands(error, name);
  }
}

/** Both at once, and when both are wrong, both are told. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected" && b.status === "rejected" && a.reason !== b.reason) throw new AggregateError([a.reason, b.reason]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

/** What the lab says, then what the input says, then what --set says. */
function completed(read: unknown, lab: Readonly<Record<string, unknown>> | undefined, set: readonly string[]): unknown {
  const isObject = read !== null && typeof read === "object" && !Array.isArray(read);
  const input = lab !== undefined && isObject ? { ...lab, ...read } : read;
  return set.length === 0 ? input : withOverrides(input, set);
}
