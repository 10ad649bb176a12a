import { builtInNames, type LoadedProbe, loadProbe } from "../harness/registry.js";

/**
 * The probes that a worker runs: the built-in ones and those given with --probe. A job names one of them. It cannot make a worker load a
 * file or a package, nor a configuration file of the folder that the worker stands in.
 */
export class KnownProbes {
  readonly #given = new Map<string, LoadedProbe>();

  /** Paths, or packages. */
  static async load(given: readonly string[]): Promise<KnownProbes> {
    const known = new KnownProbes();
    for (const each of given) {
      const loaded = await loadProbe(each);
      known.#given.set(loaded.probe.name, loaded);
    }
    return known;
  }

  /** Rejects with a RequestError when there is none of this name. */
  async get(name: string): Promise<LoadedProbe> {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    if (!builtInNames().includes(name)) throw new Error(`this worker has no probe ${JSON.stringify(name)}: start it with --probe`);
    return loadProbe(name);
  }
}
