import type { RunState } from "../run/run-state.js";

/**
 * The capabilities a probe may need, by name. Empty here: the module that provides a capability adds its type, so that the harness knows none of
 * them. The built-in ones are in runner/capabilities.ts; a package adds its own with `declare module "probe-run" { interface Capabilities { … } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: members are added by declaration merging
export interface Capabilities {}

export type Need = keyof Capabilities;

/** Creates the capability of one run from the run's state. */
export type CapabilityFactory<Name extends Need = Need> = (state: RunState) => Capabilities[Name];

/** Adds the declared capabilities to a ctx. */
export type Grant = (context: object, state: RunState) => void;

type Loader = () => Promise<(state: RunState) => unknown>;

const loaders = new Map<string, Loader>();

/**
 * What is registered in any copy of the harness in this process. A third-party probe imports the library, whose copy is not the
 * command's: a capability that it registers there must be found here. For our own capabilities each copy has its own loader, which wins.
 */
const REGISTERED = Symbol.for("probe-run.capabilities");
const everywhere = globalThis as { [REGISTERED]?: Map<string, Loader> };
everywhere[REGISTERED] ??= new Map();
const registered = everywhere[REGISTERED];

/** Registers a capability. `load` is called when a probe that needs it is loaded, so that start-up only costs what the command uses. */
export function provide<Name extends Need>(name: Name, load: () => Promise<CapabilityFactory<Name>>): void {
  loaders.set(name, load);
  registered.set(name, load);
}

export function capabilityNames(): string[] {
  return [...new Set([...loaders.keys(), ...registered.keys()])];
}

/** Loads these capabilities; the result adds them to the ctx of one run. */
export async function grantOf(needs: readonly string[]): Promise<Grant> {
  const factories = await Promise.all(needs.map(async (need) => [need, await loaderOf(need)()] as const));
  return (context, state) => {
    for (const [need, create] of factories) (context as Record<string, unknown>)[need] = create(state);
  };
}

function loaderOf(need: string): Loader {
  const loader = loaders.get(need) ?? registered.get(need);
  if (loader === undefined) throw new Error(`no capability ${JSON.stringify(need)} is registered; there are: ${capabilityNames().join(", ")}`);
  return loader;
}
