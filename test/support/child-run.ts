import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** What is built, as a user of the package loads it. */
const LIBRARIES = { run: "index.js", createDelivery: "delivery.js" };

export interface ChildRunner {
  /** Runs a module in a process of its own, and gives what it printed as JSON. Its `run` and `createDelivery` are those of the built library. */
  eval(body: string, nodeOptions?: readonly string[]): Promise<unknown>;
  remove(): void;
}

/** For what can only be seen from outside: how much memory a process takes, and whether it ends by itself. */
export function childRunner(): ChildRunner {
  let folder: string | null = null;
  return {
    async eval(body, nodeOptions = []) {
      // A process reads only what it uses.
      const used = Object.entries(LIBRARIES).filter(([name]) => body.includes(`${name}(`));
      const imports = used.map(([name, file]) => `import { ${name} } from ${JSON.stringify(new URL(`../../dist/${file}`, import.meta.url).href)};\n`);
      folder ??= mkdtempSync(join(tmpdir(), "probe-run-child-"));
      const script = join(folder, "main.mjs");
      writeFileSync(script, `${imports.join("")}${body}`);
      const { stdout } = await promisify(execFile)(process.execPath, [...nodeOptions, script], { timeout: 20_000 });
      return JSON.parse(stdout);
    },
    remove() {
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}
