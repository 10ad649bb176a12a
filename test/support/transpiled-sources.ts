import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Plugin } from "vitest/config";
import { sourceUrls } from "../../scripts/source-urls.mjs";

const REPO = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = ["schemas", "runner", "probes"];
/** Below node_modules, whose files vitest leaves to Node, and from where imports of packages are found. */
const FOLDER = join(REPO, "node_modules/.cache/probe-run/sources");
/** What each file was made from. */
const STAMPS = join(FOLDER, "stamps.json");
const MAKERS = ["test/support/transpiled-sources.ts", "scripts/source-urls.mjs", "node_modules/esbuild/package.json"];

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
      const source = relative(REPO, path);
      return SOURCES.some((folder) => source.startsWith(`${folder}/`)) && /\.[jt]s$/.test(source) ? transpiled(source) : null;
    },
  };
}

function transpiled(source: string): string {
  return join(FOLDER, source.replace(/\.ts$/, ".js"));
}

let written: Promise<void> | null = null;

/** Those that have changed since the last run. */
async function writeSources(): Promise<void> {
  const before = readStamps();
  const makers = MAKERS.map(stampOf).join();
  const now = Object.fromEntries(SOURCES.flatMap(sourcesIn).map((source) => [source, `${stampOf(source)},${makers}`]));
  const changed = Object.keys(now).filter((source) => now[source] !== before[source]);
  const removed = Object.keys(before).filter((source) => !(source in now));
  if (changed.length + removed.length === 0) return;
  const files = [...(await transpile(changed)), { path: join(FOLDER, "package.json"), text: '{ "type": "module" }\n' }];
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) mkdirSync(folder, { recursive: true });
  await Promise.all(files.map(({ path, text }) => writeWhole(path, text)));
  for (const path of removed.map(transpiled)) await Promise.all([path, `${path}.map`].map((file) => rm(file, { force: true })));
  await writeWhole(STAMPS, JSON.stringify(now));
}

function readStamps(): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(STAMPS, "utf8"));
  } catch {
    return {};
  }
}

function stampOf(path: string): string {
  const { mtimeMs, size } = statSync(join(REPO, path));
  return `${mtimeMs} ${size}`;
}

function sourcesIn(folder: string): string[] {
  const names = readdirSync(join(REPO, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => `${folder}/${name}`);
}

async function transpile(sources: readonly string[]): Promise<{ path: string; text: string }[]> {
  const { outputFiles } = await build({
    entryPoints: sources.map((source) => join(REPO, source)),
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
  return outputFiles;
}

/** Another run may read it now. */
async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, text);
  await rename(unfinished, path);
}
