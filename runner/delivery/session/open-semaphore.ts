/** So many connections are being opened at one time. */
const MOST_OPENING = 256;
/** Whoever takes longer does not count any more: a hundred dead sites must not keep the living ones waiting. */
const COUNTS_FOR_MS = 100;

/** Lets so many in at one time that the process, and its network, are not flooded by their own openings. */
export class Gate {
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  /** Resolves with how to leave. */
  async enter(): Promise<() => void> {
    if (this.#inside >= MOST_OPENING) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#inside += 1;
    let isInside = true;
    const leave = (): void => {
      clearTimeout(timer);
      if (!isInside) return;
      isInside = false;
      this.#inside -= 1;
      this.#waiting.shift()?.();
    };
    const timer = setTimeout(leave, COUNTS_FOR_MS);
    timer.unref();
    return leave;
  }
}
