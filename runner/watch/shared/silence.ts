/** Counts for how long a location has reported nothing: by the slots that ended without it. */
export class Silence {
  /** The first slot in a row that each location missed; null: it reported. */
  readonly #since: Map<string, number | null>;

  constructor(
    locations: readonly string[],
    /** A location that has missed every slot for so long is silent. */
    readonly forMs: number,
  ) {
    this.#since = new Map(locations.map((location) => [location, null]));
  }

  /** A slot has ended, with reports of these locations. Returns those that are silent now, with true, and those that reported, with false. */
  ended(at: number, reported: ReadonlySet<string>): Map<string, boolean> {
    const judged = new Map<string, boolean>();
    for (const [location, before] of this.#since) {
      const since = reported.has(location) ? null : (before ?? at);
      this.#since.set(location, since);
      if (since === null) judged.set(location, false);
      else if (at - since >= this.forMs) judged.set(location, true);
    }
    return judged;
  }
}
