import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { CLI } from "../cli/command-line.js";

export interface SuiteRun {
  code: number | null;
  out: string;
  err: string;
}

/** A folder of the test's own, gone when the test is. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "probe-run-suites-")));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** Runs the built `probe-run test` as a program of its own. */
export async function probeRunTest(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}, cli = CLI): Promise<SuiteRun> {
  const { run, child } = startProbeRunTest(argv, cwd, env, cli);
  [run.code] = (await once(child, "close")) as [number | null];
  return run;
}

export function startProbeRunTest(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  cli = CLI,
): { run: SuiteRun; child: ChildProcess } {
  const child = spawn(process.execPath, [cli, "test", ...argv], { cwd, env: { ...withoutVitest(), NO_COLOR: "1", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill());
  const run: SuiteRun = { code: null, out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    run.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    run.err += text;
  });
  return { run, child };
}

/** The suite runs on a vitest of its own, not inside the one that tests it. */
export function withoutVitest(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^(TEST|MODE|DEV|PROD|SSR|BASE_URL|CI|GITHUB_ACTIONS|FORCE_COLOR)$/.test(name)),
  );
}
