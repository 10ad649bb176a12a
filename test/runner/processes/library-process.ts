import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { REPO } from "../cli/command-line.js";

/** A run as a program that uses the built library tells it. */
export interface ProgramRun {
  readonly index: number;
  readonly input: unknown;
  readonly output: { readonly pid: number } | null;
  readonly error: { readonly name: string; readonly message: string; readonly isLost: boolean } | null;
}

/** What the program ended with: an error of the whole, and how many milliseconds before its end the loop was left. */
export interface ProgramResult {
  readonly runs: ProgramRun[];
  readonly failure: string | null;
}

/** A program of its own, so that a probe in a file is loaded as Node loads it. It leaves the loop after `most` results, and aborts at SIGUSR2. */
export function startProgram(probe: string, inputs: readonly unknown[], options: object, most = Number.MAX_SAFE_INTEGER): ChildProcess {
  const code = `
    import { LostRunError, runMany } from ${JSON.stringify(pathToFileURL(`${REPO}dist/index.js`).href)};
    const print = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
    let left = ${most};
    const interruption = new AbortController();
    process.on("SIGUSR2", () => interruption.abort());
    const options = { signal: interruption.signal, ...${JSON.stringify(options)} };
    try {
      for await (const { index, input, envelope, error } of runMany(${JSON.stringify(probe)}, ${JSON.stringify(inputs)}, options)) {
        const { name, message } = error ?? {};
        print({ index, input, output: envelope?.output ?? null, error: error && { name, message, isLost: error instanceof LostRunError } });
        if (--left === 0) break;
      }
    } catch (error) {
      print({ failure: error.message });
    }`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
}

export async function resultOf(program: ChildProcess): Promise<ProgramResult> {
  let text = "";
  program.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await once(program, "close");
  const lines = text.split("\n").filter((line) => line !== "");
  const results = lines.map((line) => JSON.parse(line) as ProgramRun | { failure: string });
  const runs = results.filter((line): line is ProgramRun => "index" in line).sort((a, b) => a.index - b.index);
  return { runs, failure: results.flatMap((line) => ("failure" in line ? [line.failure] : []))[0] ?? null };
}
