/** Values that end after a time, of which the oldest are forgotten when there are too many. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>();

  constructor(
    readonly most: number,
    readonly lifeMs: number,
  ) {}

  set(key: string, value: Value, now: number): void {
    this.#entries.set(key, { value, until: now + this.lifeMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.most) break;
      this.#entries.delete(oldest);
    }
  }

  get(key: string, now: number): Value | null {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.until > now) return entry?.value ?? null;
    this.#entries.delete(key);
    return null;
  }
}
