import { targetsOf } from "../formats/targets.js";
import type { Lab, RunningLab } from "../harness/define-lab.js";
import { builtInNames, labOf, loadDefinition } from "../harness/registry.js";
import { table } from "../support/table.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { withTakenPort } from "./lab/taken-port.js";
import { requireLab } from "./lab-target.js";
import { UsageError } from "./usage-error.js";

const options = {
  "port-base": { value: "N", description: "Use ports from N upwards, in the order of the table; free ports by default." },
  transcript: { value: "FILE", description: "Serve this transcript instead, and report clients that deviate from it: docs/transcripts.md." },
} as const;

export default defineCommand({
  summary: "Starts local servers for every built-in probe or for those named, prints inputs for them, and serves until it is stopped.",
  usage: "[probe …] [options]",
  details: "Prints JSON on stdout, by probe and server, with an input that can be passed to the probe unchanged, and a table on stderr.",
  options,
  examples: [
    ["lab", "Serve on free ports until Ctrl-C."],
    ["lab network.smtp mail.mx", "Serve for two probes only."],
    ["lab --port-base 2500", "Serve on 2500, 2501, …"],
    ["lab --transcript case.transcript --port-base 2525", "Play a recorded conversation on port 2525."],
  ],
  words: { least: 0, most: Number.POSITIVE_INFINITY },
  completes: ["probe"],
  run,
});

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const base = wholeNumber("port-base", given["port-base"], 1, 65_000);
  if (given.transcript !== null) {
    if (words.length > 0) throw new UsageError("--transcript serves one conversation: no probe is named with it", "leave one out");
    return (await import("./lab/serve-transcript.js")).serveTranscript(given.transcript, base ?? 0, io);
  }
  let taken = 0;
  const stopped = new Promise<void>((resolve) => io.onInterrupt(() => resolve()));
  const labs = await startAll(await labsOf(words), () => (base === null ? 0 : base + taken++));
  try {
    const inputs = Object.fromEntries([...labs].map(([probe, { servers }]) => [probe, Object.fromEntries(servers.map(({ name, input }) => [name, input]))]));
    await io.out(`${JSON.stringify(inputs, null, 2)}\n`);
    io.err(
      `${tableOf(labs, io.stderr.isTty ? io.stderr.columns : Number.POSITIVE_INFINITY)}\nServing until Ctrl-C. Each input above can be passed to its probe unchanged.\n`,
    );
    await stopped;
    return EXIT.ok;
  } finally {
    await closeAll(labs);
  }
}

/** The labs of the named probes, otherwise of all built-in ones that have one. */
async function labsOf(names: readonly string[]): Promise<Map<string, Lab>> {
  const labs = new Map<string, Lab>();
  for (const name of names) {
    await loadDefinition(name);
    labs.set(name, await requireLab(name));
  }
  if (names.length > 0) return labs;
  for (const name of builtInNames()) {
    const lab = await labOf(name);
    if (lab !== null) labs.set(name, lab);
  }
  return labs;
}

type RunningLabs = Map<string, RunningLab>;

async function startAll(labs: ReadonlyMap<string, Lab>, nextPort: () => number): Promise<RunningLabs> {
  const running: RunningLabs = new Map();
  try {
    for (const [probe, lab] of labs) running.set(probe, await lab.start(nextPort));
    return running;
  } catch (error) {
    await closeAll(running);
    throw withTakenPort(error);
  }
}

async function closeAll(labs: RunningLabs): Promise<void> {
  await Promise.all([...labs.values()].map((lab) => lab.close()));
}

function tableOf(labs: RunningLabs, width: number): string {
  const rows = [...labs].flatMap(([probe, { servers }]) => servers.map(({ name, summary, input }) => [probe, name, addressOf(input), summary]));
  return table(["PROBE", "SERVER", "ADDRESS", "WHAT IT DOES"], rows, width);
}

/** Prints a host once, before all of its ports. */
function addressOf(input: Readonly<Record<string, unknown>>): string {
  const ports = new Map<string, (string | null)[]>();
  for (const { host, port } of targetsOf(input)) ports.set(host, [...(ports.get(host) ?? []), port]);
  return [...ports].map(([host, own]) => [host, ...own.filter((port) => port !== null)].join(" ")).join(", ");
}
