import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { generatedFiles } from "./generated-files.js";
import { outlinesOf } from "./labs-source.js";
import { loadLabs, loadProbes } from "./load-probes.js";
import { inRepo, probeFolders } from "./repo.js";

// Writes the files that are generated from the probes' definitions. `--check` writes nothing, and fails if a file differs.
const probes = await loadProbes();
const misplaced = probes.map(({ name }, index) => [name, probeFolders()[index]]).filter(([name, folder]) => name !== folder);
for (const [name, folder] of misplaced) console.error(`probes/${folder} defines ${name}: a probe's folder has its name.`);
if (misplaced.length > 0) process.exit(1);

const differing = [...generatedFiles(probes, await outlinesOf(await loadLabs()))].filter(([path, content]) => content !== present(path));
if (process.argv.includes("--check")) report();
else for (const [path, content] of differing) write(path, content);

function present(path: string): string | null {
  return existsSync(inRepo(path)) ? readFileSync(inRepo(path), "utf8") : null;
}

function write(path: string, content: string | null): void {
  if (content === null) remove(path);
  else {
    mkdirSync(dirname(inRepo(path)), { recursive: true });
    writeFileSync(inRepo(path), content);
  }
  console.log(`${content === null ? "removed" : "wrote"} ${path}`);
}

/** The file, and the folders that are empty without it. */
function remove(path: string): void {
  rmSync(inRepo(path));
  for (let folder = dirname(path); readdirSync(inRepo(folder)).length === 0; folder = dirname(folder)) rmdirSync(inRepo(folder));
}

function report(): void {
  if (differing.length === 0) return;
  console.error("These files are generated, and differ from what the probes define:");
  for (const [path] of differing) console.error(`  ${path}`);
  console.error("Run `npm run generate`, and commit what it writes.");
  process.exitCode = 1;
}
