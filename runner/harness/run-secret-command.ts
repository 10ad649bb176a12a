import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { commandWords } from "./command-words.js";

const LIMITS = {
  timeoutMs: 10_000,
  /** From SIGTERM to SIGKILL. */
  graceMs: 1000,
  outputBytes: 64 * 1024,
};

/**
 * The output of a command. There is no shell: its words are its arguments, unchanged. It has no terminal and its own process group, which ends as a
 * whole: by SIGTERM when its time is over or the signal aborts, and by SIGKILL after the grace period. An error never includes the output, which may
 * be the secret.
 */
export function runSecretCommand(line: string, signal?: AbortSignal, limits: typeof LIMITS = LIMITS): Promise<string> {
  const [program, ...args] = commandWords(line) as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], detached: true });
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (why: Error): void => {
      reject(why);
      endGroup(child, limits.graceMs);
    };
    const timer = setTimeout(() => stop(new Error("it did not end in time")), limits.timeoutMs);
    const aborted = (): void => stop(signal?.reason as Error);
    if (signal?.aborted === true) aborted();
    signal?.addEventListener("abort", aborted, { once: true });
    if (child.pid !== undefined) running.add(child.pid);
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.outputBytes) stop(new Error("it printed more than 64 KiB"));
      else chunks.push(chunk);
    });
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      if (child.pid !== undefined) running.delete(child.pid);
    };
    child.once("error", (error) => {
      settle();
      reject(error);
    });
    child.once("close", (code, killer) => {
      settle();
      if (code === 0) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(new Error(code === null ? `it was ended by ${killer}` : `it ended with ${code}`));
    });
  });
}

/** Including processes that the command started and that keep its output open. */
function endGroup(child: ChildProcessByStdio<null, Readable, null>, graceMs: number): void {
  const { pid } = child;
  if (pid === undefined) return;
  kill(pid, "SIGTERM");
  const timer = setTimeout(() => {
    kill(pid, "SIGKILL");
    child.stdout.destroy();
  }, graceMs);
  child.once("close", () => clearTimeout(timer));
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Groups that still run when this process exits, which they would not notice. */
const running = new Set<number>();

process.on("exit", () => {
  for (const pid of running) kill(pid, "SIGKILL");
});
