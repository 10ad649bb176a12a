import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
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
  const name = randomUUID();
  const bundle = `${CACHE}${name}.mjs`;
  const script = `${CACHE}${name}.main.mjs`;
  const sources = fileURLToPath(new URL("../../runner/", import.meta.url));
  const contents = 'export { run } from "./index.js"; export { createDelivery } from "./delivery-library.js";';
  mkdirSync(CACHE, { recursive: true });
  await build({
    stdin: { contents, resolveDir: sources },
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return {
    async eval(body, nodeOptions = []) {
      writeFileSync(script, `import { createDelivery, run } from "./${name}.mjs";\n${body}`);
      const { stdout } = await promisify(execFile)(process.execPath, [...nodeOptions, script], { timeout: 20_000 });
      return JSON.parse(stdout);
    },
    remove() {
      for (const path of [bundle, script]) rmSync(path, { force: true });
    },
  };
}
