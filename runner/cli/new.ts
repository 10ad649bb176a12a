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
  summary: "Makes a new probe with its contracts, its test and a transcript. It works as it stands.",
  usage: "<id>",
  details: [
    "Inside probe-run's own repository it makes probes/<id>/ with a test and a fixture; anywhere else a package in the folder <id>/.",
    "The new probe reads a server's greeting: change it into what you need. Nothing that is there is overwritten.",
  ].join("\n"),
  options: {},
  examples: [["new acme.greeting", "Make a probe called acme.greeting in the folder acme.greeting."]],
  words: { least: 1, most: 1 },
  run,
});

async function run({ words }: Arguments<Record<never, never>>, io: Io): Promise<number> {
  const id = words[0] as string;
  if (!/^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/.test(id))
    throw new UsageError(`${JSON.stringify(id)} is no name for a probe`, "use words of a-z and 0-9 joined by dots: acme.greeting");
  const repository = ownRepository(io.cwd);
  const root = repository ?? join(io.cwd, id);
  const { files, next } = repository === null ? packageFiles(id) : builtInFiles(id);
  await writeAll(root, files, io);
  const made = Object.keys(files).map((path) => `  ${relative(io.cwd, join(root, path))}`);
  await io.out(`${["Made:", ...made, "", "Next:", ...next.map((line) => `  ${line}`)].join("\n")}\n`);
  return EXIT.ok;
}

/** The top of probe-run's own checkout when the user stands in it. */
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
    const violations = present.map((path) => ({ pointer: "", message: `${relative(io.cwd, join(root, path))} is there already`, hint: null }));
    throw new RequestError("nothing was written", "usage", violations);
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content, { flag: "wx" });
  }
}
