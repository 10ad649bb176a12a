import { builtInNames, type LoadedProbe, loadProbe } from "../harness/registry.js";

/**
 * The probes that a worker runs: the built-in ones and those given with --probe. A job names one of them, and cannot make a worker load a file, a
 * package or the configuration of the current folder.
 */
export class KnownProbes {
  readonly #given = new Map<string, LoadedProbe>();

  /** Takes paths and packages. */
  static async load(given: readonly string[]): Promise<KnownProbes> {
    const known = new KnownProbes();
    for (const each of given) {
      const loaded = await loadProbe(each);
      known.#given.set(loaded.probe.name, loaded);
    }
    return known;
  }

  /** Rejects if there is no such probe. */
  async get(name: string): Promise<LoadedProbe> {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    if (!builtInNames().includes(name)) throw new Error(`this worker has no probe ${JSON.stringify(name)}: start it with --probe`);
    return loadProbe(name);
  }
}
