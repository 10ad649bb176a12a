import { builtInNames, type LoadedProbe, loadProbe } from "../harness/registry.js";

/**
 * The probes that a worker runs: the built-in ones and those given with --probe. A job names one of them, and cannot make a worker load a file, a
 * package or the configuration of the current folder.
 */
export class KnownProbes {
  /** Those that were given, and the built-in ones that jobs have named so far. */
  readonly #known = new Map<string, LoadedProbe>();

  /** Takes paths and packages. */
  static async load(given: readonly string[]): Promise<KnownProbes> {
    const known = new KnownProbes();
    for (const each of given) {
      const loaded = await loadProbe(each);
      known.#known.set(loaded.probe.name, loaded);
    }
    return known;
  }

  /** Rejects if there is no such probe. */
  async get(name: string): Promise<LoadedProbe> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (!builtInNames().includes(name)) throw new Error(`this worker has no probe ${JSON.stringify(name)}: start it with --probe`);
    const loaded = await loadProbe(name);
    this.#known.set(name, loaded);
    return loaded;
  }
}
