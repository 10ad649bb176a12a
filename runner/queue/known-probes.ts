import { isPath } from "../harness/foreign-probe.js";
import { type LoadedProbe, loadProbe } from "../harness/registry.js";

/**
 * The probes that a worker runs: ours, those that its configuration lists, and those it was given. A job names one of them; it cannot make a
 * worker load a file or a package.
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
    if (isPath(name) || name.startsWith("probe-run-probe-")) throw new Error(`this worker was not given ${name}: start it with --probe`);
    return loadProbe(name);
  }
}
