import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { CLI } from "../cli/command-line.js";
import { SECRET } from "./watching.js";

export interface WatchProgram {
  readonly child: ChildProcess;
  /** What it has printed on stderr. */
  err(): string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** `probe-run watch` as a program of its own, perhaps under another one. */
export async function startWatchProgram(words: readonly string[], cwd: string, under: readonly string[] = []): Promise<WatchProgram> {
  const [program = "", ...rest] = [...under, process.execPath, CLI, "watch", ...words];
  const child = spawn(program, rest, { cwd, env: { ...process.env, PROBE_RUN_WEBHOOK_SECRET: SECRET }, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const kill = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
  };
  await expect.poll(() => text, { timeout: 30_000 }).toContain("watching");
  return { child, err: () => text, kill };
}
