import { spawn } from "node:child_process";
import type { EventHandler } from "./event-handler.js";
import { wordsOf } from "./words.js";

/** Starts a program for each event. Its output goes where ours goes. */
export function execHandler(line: string, timeoutMs: number): EventHandler {
  const [program, ...args] = wordsOf(line) as [string, ...string[]];
  return ({ body, event, attempt, signal }) =>
    new Promise((resolve) => {
      const env = { ...process.env, PROBE_RUN_EVENT_ID: event.id, PROBE_RUN_ATTEMPT: String(attempt) };
      const child = spawn(program, args, { stdio: ["pipe", "inherit", "inherit"], env });
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        child.kill("SIGKILL");
      }, timeoutMs);
      const end = (why: string | null): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", lose);
        resolve(why);
      };
      // Another consumer may have the event.
      const lose = (): void => void child.kill("SIGTERM");
      signal.addEventListener("abort", lose);
      child.once("error", (error) => end(`${program} could not be started: ${error.message}`));
      child.once("close", (code, killer) => end(isLate ? `${program} took longer than ${timeoutMs} ms` : rejectionOf(program, code, killer)));
      // A program may end without reading its input: only its exit code counts.
      child.stdin.on("error", () => undefined);
      child.stdin.end(`${body}\n`);
    });
}

function rejectionOf(program: string, code: number | null, killer: string | null): string | null {
  if (code === 0) return null;
  return code === null ? `${program} was killed by ${killer}` : `${program} exited with ${code}`;
}
