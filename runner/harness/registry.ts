import { builtIn } from "../../probes/index.js";
import { nearest } from "../support/did-you-mean.js";
import { RequestError } from "../support/request-error.js";
import { capabilityNames, type Grant, grantOf } from "./capabilities.js";
import { contextClass, guardUndeclared, type RunContext } from "./context.js";
import type { Lab } from "./define-lab.js";
import type { Probe } from "./define-probe.js";
import { configuredProbes, loadForeignProbe } from "./foreign-probe.js";
import { type ReferencePath, referencePaths } from "./reference-paths.js";
import { newestFirst } from "./version.js";

/** A probe as it judges inputs. */
export interface DefinedProbe {
  readonly probe: Probe;
  /** Newest first. */
  readonly versions: readonly string[];
  /** By version: the positions in its input where references are allowed, secret or not. */
  readonly references: Readonly<Record<string, readonly ReferencePath[]>>;
}

/** A probe that can be run, with everything that is the same for each of its runs. */
export interface LoadedProbe extends DefinedProbe {
  readonly grant: Grant;
  readonly Context: typeof RunContext;
}

export type { BuiltInTypes } from "../../probes/index.js";

const loaded = new Map<string, LoadedProbe>();

/** The probe with this name (or, for a third-party probe, this path or package), ready to run. */
export async function loadProbe(name: string): Promise<LoadedProbe> {
  return loaded.get(name) ?? load(name);
}

/** The same if it has been loaded before. */
export function loadedProbe(name: string): LoadedProbe | undefined {
  return loaded.get(name);
}

export function builtInNames(): string[] {
  return Object.keys(builtIn);
}

/** The local servers of a built-in probe; null if it has none. */
export async function labOf(name: string): Promise<Lab | null> {
  const entry = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  return (await entry?.lab?.())?.default ?? null;
}

/** The same without what running it takes: for a caller that only checks inputs. */
export async function loadDefinition(name: string): Promise<DefinedProbe> {
  const ours = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  const probe = ours === undefined ? await loadForeignProbe(name) : (await ours.load()).default;
  if (probe === null) throw await unknownProbe(name);
  return definedBy(probe);
}

async function load(name: string): Promise<LoadedProbe> {
  const prepared = await withGrant(await loadDefinition(name));
  loaded.set(name, prepared);
  return prepared;
}

export function prepare(probe: Probe): Promise<LoadedProbe> {
  return withGrant(definedBy(probe));
}

function definedBy(probe: Probe): DefinedProbe {
  const versions = Object.keys(probe.versions).sort(newestFirst);
  const references = Object.fromEntries(versions.map((version) => [version, referencePaths(probe.versions[version]?.input.schema)]));
  return { probe, versions, references };
}

async function withGrant(defined: DefinedProbe): Promise<LoadedProbe> {
  guardUndeclared(capabilityNames());
  const { needs } = defined.probe;
  return { ...defined, grant: await grantOf(needs), Context: contextClass(needs) };
}

async function unknownProbe(name: string): Promise<RequestError> {
  const configured = await Promise.all((await configuredProbes()).map(loadProbe));
  const known = [...builtInNames(), ...configured.map(({ probe }) => probe.name)];
  const near = nearest(name, known);
  const message = near.length > 0 ? `did you mean ${near.join(" or ")}?` : "`probe-run list` shows all probes";
  return new RequestError(`there is no probe called ${JSON.stringify(name)}`, "unknown_probe", [{ pointer: "", message, hint: null }]);
}
