/** The claims of this process that wait for a message. */
export class ClaimWaiters {
  /** How often claims were woken: a claim that read an older number looks again. */
  count = 0;
  isClosed = false;
  readonly #waiting = new Set<() => void>();

  wake(): void {
    this.count += 1;
    for (const end of [...this.#waiting]) end();
  }

  close(): void {
    this.isClosed = true;
    this.wake();
  }

  wait(seen: number, ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (seen !== this.count || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#waiting.add(end);
      signal?.addEventListener("abort", end);
    });
  }
}
