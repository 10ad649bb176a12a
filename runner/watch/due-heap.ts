interface Entry<Item> {
  readonly at: number;
  readonly item: Item;
}

/** What is due, the earliest first: a binary heap. */
export class DueHeap<Item> {
  readonly #entries: Entry<Item>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** When the first is due; infinity without one. */
  get next(): number {
    return this.#entries[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(at: number, item: Item): void {
    this.#entries.push({ at, item });
    let index = this.#entries.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  /** Takes the first, if it is due at this moment. */
  take(now: number): Entry<Item> | null {
    const [first] = this.#entries;
    if (first === undefined || first.at > now) return null;
    const last = this.#entries.pop() as Entry<Item>;
    if (this.#entries.length > 0) {
      this.#entries[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    for (let index = 0; ; ) {
      const children = [2 * index + 1, 2 * index + 2].filter((child) => child < this.#entries.length);
      const least = children.reduce((best, child) => (this.#at(child) < this.#at(best) ? child : best), index);
      if (least === index) return;
      this.#swap(least, index);
      index = least;
    }
  }

  #at(index: number): number {
    return (this.#entries[index] as Entry<Item>).at;
  }

  #swap(a: number, b: number): void {
    [this.#entries[a], this.#entries[b]] = [this.#entries[b] as Entry<Item>, this.#entries[a] as Entry<Item>];
  }
}
