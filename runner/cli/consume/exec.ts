import { spawn } from "node:child_process";
import { isExecutable } from "../../support/is-installed.js";
import { UsageError } from "../usage-error.js";
import type { EventHandler } from "./event-handler.js";

/** Starts a program for each event. Its output goes where ours goes. */
export function execHandler(line: string, timeoutMs: number): EventHandler {
  const [program, ...args] = wordsOf(line) as [string, ...string[]];
  // Otherwise every event would fail until it is a dead letter.
  if (!isExecutable(program))
    throw new UsageError(`--exec: there is no program ${JSON.stringify(program)} that can be started`, "give its path, or a name in $PATH");
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

const WORD = /\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)/y;

/** The words of a command line without their quotes. No shell is involved, so nothing else is special. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  WORD.lastIndex = 0;
  let end = 0;
  for (let match = WORD.exec(line); match !== null; match = WORD.exec(line)) {
    words.push((match[1] as string).replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""));
    end = WORD.lastIndex;
  }
  if (words.length === 0) throw new UsageError("--exec needs a program");
  if (line.slice(end).trim() !== "") throw new UsageError("--exec has an unclosed quote", "no shell is used: quotes only group words");
  return words;
}
