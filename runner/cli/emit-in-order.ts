/** Emits numbered items in order, whatever the order in which they become ready. */
export class InOrder<Item extends NonNullable<unknown>> {
  readonly #waiting = new Map<number, Item>();
  #next = 0;
  #draining: Promise<void> = Promise.resolve();

  constructor(readonly handOn: (item: Item, index: number) => Promise<void>) {}

  /** Resolves when everything that is ready in order has been emitted. */
  add(index: number, item: Item): Promise<void> {
    this.#waiting.set(index, item);
    this.#draining = this.#draining.then(() => this.#drain());
    return this.#draining;
  }

  /** The number of the last item that waits for an earlier one; -1 when none does. */
  get lastWaiting(): number {
    return Math.max(-1, ...this.#waiting.keys());
  }

  async #drain(): Promise<void> {
    for (let item = this.#waiting.get(this.#next); item !== undefined; item = this.#waiting.get(this.#next)) {
      const index = this.#next++;
      this.#waiting.delete(index);
      await this.handOn(item, index);
    }
  }
}
