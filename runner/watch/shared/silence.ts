/** Counts for how long a location has reported nothing, although slots have begun. By the monotonic clock. */
export class Silence {
  /** When the first slot began that was not followed by a report of the location; null: it has reported since. */
  readonly #since: Map<string, number | null>;

  constructor(
    locations: readonly string[],
    /** A location that has reported nothing for so long is silent. */
    readonly forMs: number,
  ) {
    this.#since = new Map(locations.map((location) => [location, null]));
  }

  /** A slot has begun. */
  begun(now: number): void {
    for (const [location, since] of this.#since) if (since === null) this.#since.set(location, now);
  }

  heard(location: string): void {
    if (this.#since.has(location)) this.#since.set(location, null);
  }

  /** For how long each of those that are silent has been so beyond that time. */
  silent(now: number): ReadonlyMap<string, number> {
    const silent = new Map<string, number>();
    for (const [location, since] of this.#since) if (since !== null && now - since >= this.forMs) silent.set(location, now - since - this.forMs);
    return silent;
  }
}
