import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { REPO } from "../house/files.js";

export interface Compiled {
  /** What the compiler said, one line a fault. */
  readonly faults: readonly string[];
  /** How much it had to work out: the same on every machine. */
  readonly instantiations: number;
}

/** Type-checks files with the compiler of the house and its settings. They lie inside the repo, so that packages are found. */
export async function compile(files: Readonly<Record<string, string>>, options: Readonly<Record<string, unknown>> = {}): Promise<Compiled> {
  mkdirSync(join(REPO, "node_modules/.cache"), { recursive: true });
  const folder = mkdtempSync(join(REPO, "node_modules/.cache/probe-run-types-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const settings = { extends: join(REPO, "tsconfig.json"), compilerOptions: { rootDir: REPO, ...options }, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
    return await check(folder, join(REPO, "node_modules/typescript"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The compiler in a folder, run on the tsconfig.json of another. */
export async function check(folder: string, compiler: string): Promise<Compiled> {
  const args = [join(compiler, "bin/tsc"), "-p", folder, "--pretty", "false", "--extendedDiagnostics"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch((error) => error);
  const lines = String(stdout).split("\n");
  return {
    faults: lines.filter((line) => line.includes("error TS")),
    instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1] ?? Number.NaN),
  };
}
