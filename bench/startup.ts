import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { openQueue } from "../runner/queue/queue.js";
import type { Bench, Setting } from "./support/bench.js";
import { startSmtpServer } from "./support/contenders.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved, type Measurement } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";
import type { Workshop } from "./support/workshop.js";

export const startup: Bench = {
  name: "startup",
  summary: "The whole process of a command, beside a Node that does nothing.",
  measure,
};

const EMPTY = "node -e 0";
/** Times the empty process, by what is run. */
const GOALS: Readonly<Record<string, number>> = {
  "probe-run network.smtp": 1.6,
  "probe-run --help": 1.4,
  "probe-run list": 1.4,
  "probe-run describe network.smtp": 1.4,
  "probe-run enqueue network.smtp": 2,
  "probe-run work --drain": 2,
};
/** How many rounds are thrown away first: the files have to be in memory. */
const WARM_UP = 3;

/** One process, from its start to its end. */
interface Start {
  readonly ms: number;
  /** User and system time: what others do on the machine changes it less. */
  readonly cpuMs: number;
}

/** Read first by each process: it says at its end how much processor time it took. */
const REPORT_CPU = `process.once("exit", () => {
  const { user, system } = process.cpuUsage();
  require("node:fs").writeSync(3, String((user + system) / 1000));
});`;

async function measure(setting: Setting): Promise<Figure[]> {
  const { workshop, quick, explain, progress } = setting;
  const server = await startSmtpServer(workshop, 0);
  try {
    const input = join(workshop.folder, "input.json");
    await writeFile(input, JSON.stringify({ target_host: "127.0.0.1", target_port: server.ready.port, tls: { mode: "none" } }));
    await (await openQueue(emptyQueueUrl(workshop.folder))).close();
    const hook = join(workshop.folder, "report-cpu.cjs");
    await writeFile(hook, REPORT_CPU);
    const lines = [[EMPTY, ["-e", "0"]] as const, ...commands(workshop, input), ...(explain ? parts(workshop, input) : [])];
    const processes = new Map(lines.map(([name, args, code]) => [name, timed(["-r", hook, ...args], workshop.folder, code)]));
    await interleaved(WARM_UP, processes, () => progress("warming up"));
    const measured = await interleaved(quick ? 7 : 31, processes, progress);
    const empty = measured.get(EMPTY) as Start[];
    return [...measured].filter(([name]) => name !== EMPTY).flatMap(([name, starts]) => figures(name, starts, empty));
  } finally {
    await server.stop();
  }
}

function emptyQueueUrl(folder: string): string {
  return `sqlite:${join(folder, "startup-empty.db")}`;
}

type Line = readonly [name: string, args: readonly string[], expectedCode?: number];

function commands({ command, folder }: Workshop, input: string): Line[] {
  const queue = `--queue=sqlite:${join(folder, "startup.db")}`;
  const emptyQueue = `--queue=${emptyQueueUrl(folder)}`;
  return [
    ["probe-run network.smtp", [command, "network.smtp", input]],
    ["probe-run --help", [command, "--help"]],
    ["probe-run list", [command, "list"]],
    ["probe-run describe network.smtp", [command, "describe", "network.smtp"]],
    ["probe-run enqueue network.smtp", [command, "enqueue", "network.smtp", input, queue]],
    ["probe-run work --drain", [command, "work", "--drain", emptyQueue]],
  ];
}

/** The stretches of the way: each of these processes does what the one before it does, and a little more. */
function parts({ command, library }: Workshop, input: string): Line[] {
  const index = pathToFileURL(library).href;
  return [
    ["probe-run --version (the command line alone)", [command, "--version"]],
    ["import of the library alone", ["--input-type=module", "-e", `import ${JSON.stringify(index)}`]],
    ["a refused input (all but the conversation)", [command, "network.smtp", input, "--set", "target_port=0"], 2],
  ];
}

function timed(args: readonly string[], cache: string, expectedCode = 0): Measurement<Start> {
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  return async () => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe", "pipe"], env });
    const [said, cpu, [code]] = await Promise.all([text(child.stderr as Readable), text(child.stdio[3] as Readable), once(child, "exit")]);
    if (code !== expectedCode) throw new Error(`node ${args.join(" ")} ended with ${code}: ${said}`);
    return { ms: performance.now() - began, cpuMs: Number(cpu) };
  };
}

function figures(name: string, starts: readonly Start[], empty: readonly Start[]): Figure[] {
  const most = GOALS[name];
  const goal: Goal | null = most === undefined ? null : { of: "ratio", at: "most", value: most };
  const cpu = (each: Start): number => each.cpuMs;
  const time = (each: Start): number => each.ms;
  return [figure(name, starts.map(time), empty.map(time), goal), figure(`${name}, CPU`, starts.map(cpu), empty.map(cpu), goal)];
}

function figure(name: string, ours: readonly number[], peers: readonly number[], goal: Goal | null): Figure {
  return { bench: startup.name, name, unit: "ms", peer: EMPTY, ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers), goal, skipped: null };
}
