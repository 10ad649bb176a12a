/** Connections that may be opened at the same time. */
const MAX_OPENING = 256;
/** A slower one no longer counts: a hundred dead sites must not delay the others. */
const COUNTS_FOR_MS = 100;

/** Limits how many connections are opened at the same time, so that the process and its network are not flooded. */
export class OpenSemaphore {
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  /** Resolves with a function that leaves. */
  async enter(): Promise<() => void> {
    if (this.#inside >= MAX_OPENING) await new Promise<void>((resolve) => this.#waiting.push(resolve));
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
