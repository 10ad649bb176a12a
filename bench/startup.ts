import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Bench, Setting } from "./support/bench.js";
import { startSmtpServer } from "./support/contenders.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved, type Measurement } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";
import type { Workshop } from "./support/workshop.js";

export const startup: Bench = {
  name: "startup",
  summary: "The whole process of one probe from the command line, beside a Node that does nothing.",
  measure,
};

const GOAL: Goal = { of: "ratio", at: "most", value: 1.6 };
const EMPTY = "node -e 0";
const WHOLE = "probe-run network.smtp";
/** How many pairs are thrown away first: the files have to be in memory. */
const WARM_UP = 3;

async function measure(setting: Setting): Promise<Figure[]> {
  const { folder, command } = setting.workshop;
  const server = await startSmtpServer(setting.workshop, 0);
  try {
    const input = join(folder, "input.json");
    await writeFile(input, JSON.stringify({ target_host: "127.0.0.1", target_port: server.ready.port, tls: { mode: "none" } }));
    const processes = new Map([
      [EMPTY, timed(["-e", "0"])],
      [WHOLE, timed([command, "network.smtp", input])],
      ...(setting.explain ? parts(setting.workshop, input) : []),
    ]);
    await interleaved(WARM_UP, processes, () => setting.progress("warming up"));
    const measured = await interleaved(setting.quick ? 7 : 31, processes, setting.progress);
    return [...measured].filter(([name]) => name !== EMPTY).map(([name, times]) => figure(name, times, measured.get(EMPTY) as number[]));
  } finally {
    await server.stop();
  }
}

/** The stretches of the way: each of these processes does what the one before it does, and a little more. */
function parts({ command, library }: Workshop, input: string): [string, Measurement<number>][] {
  const index = pathToFileURL(library).href;
  return [
    ["probe-run --version (the command line alone)", timed([command, "--version"])],
    ["import of the library alone", timed(["--input-type=module", "-e", `import ${JSON.stringify(index)}`])],
    ["a refused input (all but the conversation)", timed([command, "network.smtp", input, "--set", "target_port=0"], 2)],
  ];
}

/** From starting a process to its end, in milliseconds. */
function timed(args: readonly string[], expectedCode = 0): Measurement<number> {
  return async () => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", expectedCode === 0 ? "inherit" : "ignore"] });
    const [code] = await once(child, "exit");
    if (code !== expectedCode) throw new Error(`node ${args.join(" ")} ended with ${code}`);
    return performance.now() - began;
  };
}

function figure(name: string, times: readonly number[], empty: readonly number[]): Figure {
  const values = { ours: spreadOf(times), peers: spreadOf(empty), ratio: ratios(times, empty) };
  return { bench: startup.name, name, unit: "ms", peer: EMPTY, ...values, goal: name === WHOLE ? GOAL : null, skipped: null };
}
