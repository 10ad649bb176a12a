// Runs a TypeScript script on a Node that cannot: node scripts/run.mjs scripts/build.ts [arguments]
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { sourceUrls } from "./source-urls.mjs";

const repo = fileURLToPath(new URL("..", import.meta.url));
const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error("Give the script to run: node scripts/run.mjs scripts/build.ts [arguments]");
  process.exit(2);
}

// Inside the repo, so that the bundle's imports of packages find node_modules.
const bundle = join(repo, "node_modules/.cache/probe-run", `${randomUUID()}.mjs`);
await build({
  entryPoints: [resolve(script)],
  outfile: bundle,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  packages: "external",
  sourcemap: "inline",
  logLevel: "error",
  plugins: [sourceUrls],
});

process.once("exit", () => rmSync(bundle, { force: true }));
process.argv = [process.argv[0], resolve(script), ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(bundle).href);
