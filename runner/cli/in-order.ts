/** Hands on what becomes ready in any order by its number, one after the other. */
export class InOrder<Item> {
  readonly #waiting = new Map<number, Item>();
  #next = 0;
  #running: Promise<void> | null = null;

  constructor(readonly handOn: (item: Item, index: number) => Promise<void>) {}

  /** Resolves when everything that could be handed on has been. */
  async add(index: number, item: Item): Promise<void> {
    this.#waiting.set(index, item);
    this.#running ??= this.#drain();
    await this.#running;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.has(this.#next)) {
        const index = this.#next++;
        const item = this.#waiting.get(index) as Item;
        this.#waiting.delete(index);
        await this.handOn(item, index);
      }
    } finally {
      this.#running = null;
    }
  }
}
