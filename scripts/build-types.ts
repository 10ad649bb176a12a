import { mkdir, rm, writeFile } from "node:fs/promises";
import type { Probe } from "../runner/harness/define-probe.js";
import { inRepo } from "./repo.js";
import { bundleDeclarations, type EntryPoint } from "./types/bundle-declarations.js";
import { emitDeclarations } from "./types/emit-declarations.js";

/** In this order: the later ones import from the first what it exports. */
const ENTRY_POINTS: readonly EntryPoint[] = [
  { module: "runner/index", file: "index" },
  { module: "runner/vitest/index", file: "vitest" },
  { module: "runner/delivery-library", file: "delivery" },
];

/** Writes one file of declarations for each entry point of the package. */
export async function buildTypes(probes: readonly Probe[]): Promise<void> {
  const declarations = await emitDeclarations(
    ENTRY_POINTS.map(({ module }) => module),
    probes,
  );
  const texts = bundleDeclarations(declarations, ENTRY_POINTS);
  await mkdir(inRepo("dist"), { recursive: true });
  // Where earlier versions of this script wrote.
  await rm(inRepo("dist/types"), { recursive: true, force: true });
  for (const [file, text] of texts) await writeFile(inRepo("dist", `${file}.d.ts`), text);
}
