// node scripts/build.mjs [--js]: makes dist/, unless it already fits the sources. npm runs `prepublish` after
// each install in a checkout (and `prepare` where the package itself is installed from a file, too), so finding nothing to do must be
// fast: this file loads neither esbuild nor TypeScript.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repo = fileURLToPath(new URL("..", import.meta.url));
const STAMP = join(repo, "dist/.build-stamp.json");
/** All that decides what is in dist/: the sources, the scripts that build, and the versions of what they use. */
const SOURCES = ["schemas", "runner", "probes", "scripts", "package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];

const codeOnly = process.argv.includes("--js");
const sources = fingerprint();
if (!isUpToDate(codeOnly ? ["code"] : ["code", "types"])) {
  process.argv.splice(2, 0, "scripts/build.ts");
  await import("./run.mjs");
  if (process.exitCode === undefined || process.exitCode === 0) stamp();
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap(filesIn))
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(repo, path)))
      .update("\0");
  return hash.digest("hex");
}

function filesIn(path) {
  const entries = existsSync(join(repo, path)) && !/\.json$/.test(path) ? readdirSync(join(repo, path), { recursive: true, withFileTypes: true }) : null;
  if (entries === null) return existsSync(join(repo, path)) ? [path] : [];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(repo.length))
    .sort();
}

function isUpToDate(parts) {
  const { files = [], ...built } = readStamp();
  return parts.every((part) => built[part] === sources) && files.every((file) => existsSync(join(repo, "dist", file)));
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return {};
  }
}

function stamp() {
  const before = readStamp();
  const files = readdirSync(join(repo, "dist"), { recursive: true }).filter((file) => /\.(c?js|d\.ts)$/.test(file));
  writeFileSync(STAMP, JSON.stringify({ code: sources, types: codeOnly ? (before.types ?? null) : sources, files }));
}
