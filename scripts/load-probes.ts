import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { Probe } from "../runner/harness/define-probe.js";
import { inRepo, probeFolders, REPO } from "./repo.js";
import { sourceUrls } from "./source-urls.mjs";

/** Every probe of this checkout, found by its folder: probes/index.ts may not know a new one yet. */
export async function loadProbes(): Promise<Probe[]> {
  const bundle = inRepo("node_modules/.cache/probe-run", `${randomUUID()}.mjs`);
  await build({
    stdin: { contents: entry(probeFolders()), resolveDir: REPO, loader: "ts", sourcefile: "every-probe.ts" },
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    logLevel: "error",
    plugins: [sourceUrls],
  });
  try {
    return ((await import(pathToFileURL(bundle).href)) as { default: Probe[] }).default;
  } finally {
    await rm(bundle, { force: true });
  }
}

function entry(folders: readonly string[]): string {
  const imports = folders.map((folder, index) => `import probe${index} from "./probes/${folder}/probe.js";`);
  return `${imports.join("\n")}\nexport default [${folders.map((_, index) => `probe${index}`).join(", ")}];\n`;
}
