import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program prints, whatever its exit code says: several report a finding by it. */
export async function outputOf(command: string, arguments_: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<ProgramOutput> {
  const options = { timeout: 60_000, maxBuffer: 16 * 1024 * 1024, env: { ...process.env, LC_ALL: "C", ...environment } };
  return promisify(execFile)(command, [...arguments_], options).catch((error: ProgramOutput) => error);
}

/** The lines with something in them. */
export function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== "");
}
