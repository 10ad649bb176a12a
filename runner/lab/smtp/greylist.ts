/** Pairs beyond this push the oldest out. */
const MAX_PAIRS = 10_000;

/** Rejects an unknown sender temporarily; spam senders rarely retry. */
export class Greylist {
  readonly #firstSeen = new Map<string, number>();

  constructor(readonly delayMs: number) {}

  /** Milliseconds until the pair is let through; 0 when it is. */
  wait(from: string, recipient: string, now = performance.now()): number {
    if (this.delayMs === 0) return 0;
    const pair = JSON.stringify([from, recipient]).toLowerCase();
    const first = this.#firstSeen.get(pair);
    if (first !== undefined) return Math.max(0, first + this.delayMs - now);
    if (this.#firstSeen.size >= MAX_PAIRS) this.#firstSeen.delete(this.#firstSeen.keys().next().value as string);
    this.#firstSeen.set(pair, now);
    return this.delayMs;
  }
}
