import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/probe-run/", import.meta.url));

export interface ChildRunner {
  /** Runs a module in a process of its own, and gives what it printed as JSON. Its `run` and `createDelivery` are ours. */
  eval(body: string, nodeOptions?: readonly string[]): Promise<unknown>;
  remove(): void;
}

/** For what can only be seen from outside: how much memory a process takes, and whether it ends by itself. */
export async function childRunner(): Promise<ChildRunner> {
  const folder = join(CACHE, randomUUID());
  const script = join(folder, "main.mjs");
  const sources = fileURLToPath(new URL("../../runner/", import.meta.url));
  const contents = 'export { run } from "./index.js"; export { createDelivery } from "./delivery-library.js";';
  mkdirSync(folder, { recursive: true });
  await build({
    stdin: { contents, resolveDir: sources },
    outdir: folder,
    entryNames: "library",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // A process reads only what it uses: as one file, all probes would cost each of them more than the run that is watched.
    splitting: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return {
    async eval(body, nodeOptions = []) {
      writeFileSync(script, `import { createDelivery, run } from "./library.mjs";\n${body}`);
      const { stdout } = await promisify(execFile)(process.execPath, [...nodeOptions, script], { timeout: 20_000 });
      return JSON.parse(stdout);
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
