import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { Lab } from "../runner/harness/define-lab.js";
import type { Probe } from "../runner/harness/define-probe.js";
import { bringsLab, inRepo, probeFolders, REPO } from "./repo.js";
import { sourceUrls } from "./source-urls.mjs";

/** Every probe of this checkout, found by its folder: probes/index.ts may not know a new one yet. */
export function loadProbes(): Promise<Probe[]> {
  return loadParts(probeFolders(), "probe");
}

/** By the name of their probe. */
export async function loadLabs(): Promise<Map<string, Lab>> {
  const folders = probeFolders().filter(bringsLab);
  const labs = await loadParts<Lab>(folders, "lab");
  return new Map(folders.map((folder, index) => [folder, labs[index] as Lab]));
}

async function loadParts<Part>(folders: readonly string[], part: "probe" | "lab"): Promise<Part[]> {
  const bundle = inRepo("node_modules/.cache/probe-run", `${randomUUID()}.mjs`);
  await build({
    stdin: { contents: entry(folders, part), resolveDir: REPO, loader: "ts", sourcefile: `every-${part}.ts` },
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
    return ((await import(pathToFileURL(bundle).href)) as { default: Part[] }).default;
  } finally {
    await rm(bundle, { force: true });
  }
}

function entry(folders: readonly string[], part: "probe" | "lab"): string {
  const imports = folders.map((folder, index) => `import part${index} from "./probes/${folder}/${part}.js";`);
  return `${imports.join("\n")}\nexport default [${folders.map((_, index) => `part${index}`).join(", ")}];\n`;
}
