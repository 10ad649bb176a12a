import type { CatalogueEntry } from "../harness/built-in.js";
import { configuredProbes } from "../harness/foreign-probe.js";
import { type DefinedProbe, loadDefinition } from "../harness/registry.js";

/** What `list` and `describe` show of a probe. */
export interface ProbeOutline extends CatalogueEntry {
  schemaOf(version: string, side: "input" | "output"): unknown;
}

/** A probe that the catalogue does not hold: it is loaded. Rejects with suggestions if there is none. */
export async function loadedOutline(name: string): Promise<ProbeOutline> {
  return outlineOf(await loadDefinition(name));
}

/** Those that the configuration of this project lists. */
export async function configuredOutlines(): Promise<ProbeOutline[]> {
  return (await Promise.all((await configuredProbes()).map(loadDefinition))).map(outlineOf);
}

function outlineOf({ probe, versions }: DefinedProbe): ProbeOutline {
  return {
    name: probe.name,
    versions,
    needs: probe.needs,
    summary: probe.summary,
    target: probe.target ?? null,
    schemaOf: (version, side) => probe.versions[version]?.[side].schema,
  };
}
