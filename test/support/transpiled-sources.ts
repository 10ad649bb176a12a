import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Plugin } from "vitest/config";
import { sourceUrls } from "../../scripts/source-urls.mjs";

const REPO = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = ["schemas", "runner", "probes"];
/** Below node_modules, whose files vitest leaves to Node, and from where imports of packages are found. */
const FOLDER = join(REPO, "node_modules/.cache/probe-run/sources");

/**
 * A vite plugin: tests import the sources as JavaScript files that Node loads by itself. esbuild writes all of them in a second; vite would
 * transform them one by one, and each worker would ask it for each of them.
 */
export function transpiledSources(): Plugin {
  return {
    name: "transpiled-sources",
    enforce: "pre",
    async configResolved() {
      written ??= writeSources();
      await written;
    },
    resolveId(name, importer) {
      const path = name.startsWith(".") && importer !== undefined ? resolve(dirname(importer), name) : name;
      const inRepo = relative(REPO, path);
      if (!SOURCES.some((folder) => inRepo.startsWith(`${folder}/`)) || !/\.[jt]s$/.test(inRepo)) return null;
      return join(FOLDER, inRepo.replace(/\.ts$/, ".js"));
    },
  };
}

let written: Promise<void> | null = null;

async function writeSources(): Promise<void> {
  const files = (await Promise.all(SOURCES.map((folder) => filesIn(join(REPO, folder), ".ts")))).flat();
  const { outputFiles } = await build({
    entryPoints: files,
    outbase: REPO,
    outdir: FOLDER,
    format: "esm",
    platform: "node",
    target: "node20.19",
    sourcemap: "linked",
    plugins: [sourceUrls],
    write: false,
    logLevel: "error",
  });
  await mkdir(FOLDER, { recursive: true });
  await writeChanged(join(FOLDER, "package.json"), '{ "type": "module" }\n');
  await Promise.all(outputFiles.map(({ path, text }) => writeChanged(path, text)));
  const fresh = new Set(outputFiles.map(({ path }) => path));
  const stale = (await filesIn(FOLDER, "")).filter((path) => /\.js(\.map)?$/.test(path) && !fresh.has(path));
  await Promise.all(stale.map((path) => rm(path, { force: true })));
}

async function filesIn(folder: string, ending: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

/** Whole, because another run may read it now. */
async function writeChanged(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => null)) === text) return;
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, text);
  await rename(unfinished, path);
}
