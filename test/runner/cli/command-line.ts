import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { main } from "../../../runner/cli/cli.js";

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

export interface Surroundings {
  stdin?: string | Uint8Array;
  tty?: boolean;
  columns?: number;
  env?: Record<string, string>;
  cwd?: string;
  /** Receives the callback for Ctrl-C. */
  onStart?: (interrupt: () => void) => void;
  onOut?: (text: string) => void;
}

/** Runs the command line in this process, and captures its output. */
export async function probeRun(
  argv: readonly string[],
  { stdin = "", tty = false, columns = 80, env = {}, cwd = process.cwd(), onStart, onOut }: Surroundings = {},
): Promise<Outcome> {
  const outcome: Outcome = { code: -1, out: "", err: "" };
  const screen = { isTty: tty, columns };
  outcome.code = await main(argv, {
    async out(text) {
      outcome.out += text;
      onOut?.(text);
    },
    err(text) {
      outcome.err += text;
    },
    stdin: oneChunk(typeof stdin === "string" ? Buffer.from(stdin) : stdin),
    stdout: screen,
    stderr: screen,
    env,
    cwd,
    onInterrupt(listener) {
      onStart?.(() => listener());
      return () => {};
    },
  });
  return outcome;
}

/** For `onStart`: presses Ctrl-C as soon as that is the case. */
export function interruptOnce(isTime: () => boolean): (interrupt: () => void) => void {
  return (interrupt) => {
    const timer = setInterval(() => {
      if (!isTime()) return;
      clearInterval(timer);
      interrupt();
    }, 5);
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

export const REPO = fileURLToPath(new URL("../../..", import.meta.url));
export const CLI = `${REPO}dist/cli.cjs`;

/** Runs the built command line as a separate program. */
export async function spawnProbeRun(
  argv: readonly string[],
  { cwd = process.cwd(), stdin = "", env = {} }: Pick<Surroundings, "cwd" | "env"> & { stdin?: string } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [CLI, ...argv], { cwd, env: { ...process.env, ...env } });
  const outcome: Outcome = { code: -1, out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    outcome.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    outcome.err += text;
  });
  child.stdin.on("error", () => {}).end(stdin);
  [outcome.code] = (await once(child, "close")) as [number];
  return outcome;
}
