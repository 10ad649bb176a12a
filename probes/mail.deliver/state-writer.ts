/** Stores a state repeatedly. Calls that come while it is being stored share the next write. */
export class StateWriter {
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(readonly store: () => Promise<void>) {}

  /** Resolves when a state is stored that is at least as new as this call. */
  write(): Promise<void> {
    if (this.#running === null) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = null;
    const running = this.store().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }
}
