import { chmod } from "node:fs/promises";
import { type ApartFile, holdsHarness } from "./apart-files.js";
import { probesApart } from "./build-probes.js";
import { bundle, COMMON_JS, virtual } from "./bundle.js";
import { lazilyApart } from "./lazily-apart.js";
import { inRepo } from "./repo.js";
import { sharedValidators } from "./shared-validators.js";

/** The modules that a file of dist/ must hold. */
type Held = Map<ApartFile, Set<string>>;

/**
 * cli.cjs reads the command line, and prints help and the catalogue. What a command runs lies in files of its own, by what is
 * used together: scripts/apart-files.ts. Reading costs each start time, and the commands only grow. child.cjs runs inputs for
 * runMany(), in a process of its own; history.cjs is the thread that owns the file of a history.
 */
export async function buildCommand(probes: readonly string[]): Promise<string[]> {
  const held: Held = new Map();
  const plugins = (file: ApartFile | "cli" | "child") => [
    probesApart(probes, "require"),
    sharedValidators,
    lazilyApart(file, (other, module) => hold(held, other, module)),
  ];
  const command = await bundle({
    ...COMMON_JS,
    banner: { js: `#!/usr/bin/env node\n${COMMON_JS.banner.js}` },
    entryPoints: { cli: inRepo("runner/cli/main.ts") },
    plugins: plugins("cli"),
  });
  await chmod(inRepo("dist/cli.cjs"), 0o755);
  const child = await bundle({ ...COMMON_JS, entryPoints: { child: inRepo("runner/processes/child-main.ts") }, plugins: plugins("child") });
  const thread = await bundle({ ...COMMON_JS, entryPoints: { history: inRepo("runner/history/thread/thread-main.ts") } });
  const written = [command, child, thread];
  // A file may ask for modules of another one that has been written already: that is written again.
  for (let done = new Map<ApartFile, number>(), next = unfinished(held, done); next !== null; next = unfinished(held, done)) {
    const [file, modules] = next;
    done.set(file, modules.size);
    written.push(await bundle({ ...COMMON_JS, entryPoints: { [file]: "modules" }, plugins: [...plugins(file), virtual("modules", holding(file, modules))] }));
  }
  return written.flat();
}

function hold(held: Held, file: ApartFile, module: string): void {
  const modules = held.get(file) ?? new Set();
  held.set(file, modules.add(module));
}

function unfinished(held: Held, done: ReadonlyMap<ApartFile, number>): [ApartFile, Set<string>] | null {
  return [...held].find(([file, modules]) => done.get(file) !== modules.size) ?? null;
}

/** Each module is set up when it is asked for, and no other. */
function holding(file: ApartFile, modules: ReadonlySet<string>): string {
  const getters = [...modules].sort().map((module) => `get "${module}"() { return require("./${module}"); },`);
  // A file that loads probes holds a harness of its own, which knows no capability until the table is read.
  const table = holdsHarness(file) ? 'require("./runner/capabilities.js");\n' : "";
  return `${table}module.exports = {\n${getters.join("\n")}\n};\n`;
}
