import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type BuildOptions, build, type Plugin } from "esbuild";
import manifest from "../package.json" with { type: "json" };
import { registryWithValidators, validatorEntries, validatorModules } from "./build-validators.js";
import { loadProbes } from "./load-probes.js";
import { inRepo, REPO } from "./repo.js";

/** Small and needed by every run: finding and reading it in node_modules would cost each start more than it is worth. */
const BUNDLED = ["is-valid-hostname"];
/** What precompiled validators call. */
const BUNDLED_WITH_VALIDATORS = ["ajv", "fast-deep-equal"];

/**
 * The command and what it loads are CommonJS. On Node 20 that takes a seventh of the time off a run: every ES module that is read
 * costs more than half a millisecond, their loader itself three, and require() leaves what a run does not use unread.
 */
const COMMON_JS = {
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  banner: {
    js: 'const { pathToFileURL } = require("node:url"), sourceUrl = pathToFileURL(__filename).href, resolveUrl = (name) => pathToFileURL(require.resolve(name)).href;',
  },
  define: { "import.meta.url": "sourceUrl", "import.meta.resolve": "resolveUrl" },
} as const;

// Makes dist/. `--js` leaves the types as they are: all that running needs, in a third of the time.
// Each half is finished even when the other fails: a mistake in a type leaves a command that runs.
const halves = await Promise.allSettled([emitCode(), process.argv.includes("--js") ? null : emitTypes()]);
for (const half of halves.filter((each) => each.status === "rejected")) {
  console.error(half.reason instanceof Error ? half.reason.message : half.reason);
  process.exitCode = 1;
}

async function emitCode(): Promise<void> {
  const probes = await loadProbes();
  const plugins = [registryWithValidators(probes), ownFile("module-hooks")];
  const written = await Promise.all([
    bundle({ ...COMMON_JS, entryPoints: { cli: inRepo("runner/cli/main.ts") }, plugins }),
    // Split, for both hold the same harness.
    bundle({ entryPoints: { index: inRepo("runner/index.ts"), vitest: inRepo("runner/vitest/index.ts") }, splitting: true, plugins }),
    bundle({ entryPoints: { "module-hooks": inRepo("runner/module-hooks.ts") } }),
    bundle({ ...COMMON_JS, entryPoints: validatorEntries(probes), minify: true, plugins: [validatorModules(probes)] }),
  ]);
  await removeStale(written.flat());
  await makeExecutable(inRepo("dist/cli.cjs"));
}

/** Node loads this module by its URL, in a thread of its own, so that it cannot lie in a bundle with others. */
function ownFile(name: string): Plugin {
  return {
    name: `own-file-${name}`,
    setup: (build) => build.onResolve({ filter: new RegExp(`^\\./${name}\\.js$`) }, ({ path }) => ({ path, external: true })),
  };
}

/** Gives the paths of the files it wrote. */
async function bundle(options: BuildOptions): Promise<string[]> {
  const { metafile } = await build({
    outdir: inRepo("dist"),
    absWorkingDir: REPO,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: packagesAtRunTime(),
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    ...options,
    metafile: true,
  });
  assertBundledOnly(Object.keys(metafile.inputs));
  return Object.keys(metafile.outputs);
}

function packagesAtRunTime(): string[] {
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  return names.filter((name) => !BUNDLED.includes(name)).flatMap((name) => [name, `${name}/*`]);
}

/** A development dependency that a source imports by mistake would end up inside dist without anybody seeing it. */
function assertBundledOnly(inputs: readonly string[]): void {
  const allowed = [...BUNDLED, ...BUNDLED_WITH_VALIDATORS].map((name) => `node_modules/${name}/`);
  const strangers = inputs.filter((path) => path.includes("node_modules/") && !allowed.some((start) => path.startsWith(start)));
  if (strangers.length > 0) throw new Error(`dist/ would hold code of packages that are no dependencies: ${strangers.join(", ")}`);
}

/** After the new files are there: who runs probe-run just now must not find an empty folder. */
async function removeStale(fresh: readonly string[]): Promise<void> {
  const present = (await readdir(inRepo("dist"), { recursive: true })).map((name) => `dist/${name}`);
  const stale = present.filter((path) => /\.c?js$/.test(path) && !fresh.includes(path));
  await Promise.all(stale.map((path) => rm(inRepo(path), { force: true })));
}

async function makeExecutable(path: string): Promise<void> {
  const code = await readFile(path, "utf8");
  if (!code.startsWith("#!")) await writeFile(path, `#!/usr/bin/env node\n${code}`);
  await chmod(path, 0o755);
}

async function emitTypes(): Promise<void> {
  await rm(inRepo("dist/types"), { recursive: true, force: true });
  const compiler = spawn(process.execPath, [inRepo("node_modules/typescript/bin/tsc"), "-p", inRepo("tsconfig.build.json")], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(compiler, "exit");
  if (code !== 0) throw new Error(`the types could not be written: tsc ended with ${code}`);
}
