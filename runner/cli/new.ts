import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { RequestError } from "../support/request-error.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { builtInFiles } from "./scaffold/built-in.js";
import { packageFiles } from "./scaffold/package.js";
import type { Scaffold } from "./scaffold/scaffold.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Creates a probe with its contracts, a lab server, a test and a transcript. It passes all tests unchanged.",
  usage: "<id>",
  details: [
    "In probe-run's own repository it creates probes/<id>/ with schema.ts, probe.ts and lab.ts, a test and a fixture: then run `npm run generate`, which",
    "adds it to the registry and the catalogue, and test/conformance, which every probe must pass. `npm run goldens` rewrites expected outputs that you",
    "changed on purpose, `npm run build` builds the command. Anywhere else it creates a package in the folder <id>/.",
    "The new probe reads a server's greeting: change it as needed. No existing file is overwritten.",
  ].join(" "),
  options: {},
  examples: [["new acme.greeting", "Create a probe called acme.greeting."]],
  words: { least: 1, most: 1 },
  completes: ["nothing"],
  run,
});

async function run({ words }: Arguments<Record<never, never>>, io: Io): Promise<number> {
  const id = words[0] as string;
  if (!/^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/.test(id))
    throw new UsageError(`${JSON.stringify(id)} is not a valid probe name`, "use words of a-z and 0-9 joined by dots: acme.greeting");
  const repository = ownRepository(io.cwd);
  const root = repository ?? join(io.cwd, id);
  const { files, next } = repository === null ? packageFiles(id) : builtInFiles(id);
  await writeAll(root, files, io);
  const made = Object.keys(files).map((path) => `  ${relative(io.cwd, join(root, path))}`);
  await io.out(`${["Created:", ...made, "", "Next:", ...next.map((line) => `  ${line}`)].join("\n")}\n`);
  return EXIT.ok;
}

/** The root of probe-run's own checkout, if the working directory is inside it. */
function ownRepository(cwd: string): string | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) return isOurs(manifest) && existsSync(join(folder, "probes")) ? folder : null;
    if (folder === dirname(folder)) return null;
  }
}

function isOurs(manifest: string): boolean {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown }).name === "probe-run";
}

async function writeAll(root: string, files: Scaffold["files"], io: Io): Promise<void> {
  const present = Object.keys(files).filter((path) => existsSync(join(root, path)));
  if (present.length > 0) {
    const violations = present.map((path) => ({ pointer: "", message: `${relative(io.cwd, join(root, path))} already exists`, hint: null }));
    throw new RequestError("nothing was written", "usage", violations);
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content, { flag: "wx" });
  }
}
