import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A command of ours that runs until it is stopped. */
export interface Program {
  readonly pid: number;
  /** What it has printed on stderr. */
  err(): string;
  stop(): Promise<void>;
}

const START_WITHIN_MS = 60_000;

/** Starts a command, and waits until it has printed this on stderr. */
export async function startProgram(command: string, words: readonly string[], ready: RegExp): Promise<Program> {
  const child = spawn(process.execPath, [command, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const program: Program = {
    pid: child.pid as number,
    err: () => text,
    async stop() {
      if (hasEnded()) return;
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
  const giveUpAt = performance.now() + START_WITHIN_MS;
  while (!ready.test(text)) {
    if (hasEnded() || performance.now() > giveUpAt) {
      await program.stop();
      throw new Error(`probe-run ${words[0]} ended with ${child.signalCode ?? child.exitCode} or took too long to start: ${text.slice(-2000)}`);
    }
    await sleep(50);
  }
  return program;
}

/** The most resident memory that a process had. Null where the system does not say it. */
export function mostResidentKib(pid: number): number | null {
  if (process.platform !== "linux") return null;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
