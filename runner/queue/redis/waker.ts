import type { IRedisClient } from "bullmq";

/** A wait on the server is no longer than this: a process that died with the marker in its hands holds up others for so long at most. */
const BLOCK_SECONDS = 1;

/** Waits for BullMQ's marker, which says that a message is due; one connection waits for everybody in this process. */
export class Waker {
  readonly #waiting = new Set<() => void>();
  #client: IRedisClient | null = null;
  #blocking = false;
  #isClosed = false;

  constructor(
    readonly connect: () => IRedisClient,
    readonly marker: string,
    /** Puts the marker back that nobody here was waiting for any more. */
    readonly passOn: () => Promise<unknown>,
  ) {}

  /** Resolves when something may be due, after `ms`, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (this.#isClosed || signal?.aborted) return done();
      signal?.addEventListener("abort", done);
      this.#waiting.add(done);
      if (!this.#blocking) void this.#block();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#wakeAll();
    this.#client?.disconnect();
  }

  async #block(): Promise<void> {
    this.#blocking = true;
    this.#client ??= this.connect();
    try {
      while (this.#waiting.size > 0 && !this.#isClosed) {
        const popped = await this.#client.bzpopmin(this.marker, BLOCK_SECONDS);
        if (popped === null) continue;
        if (this.#waiting.size > 0) this.#wakeAll();
        else await this.passOn();
      }
    } catch {
      // The connection is gone for good, or Redis takes no commands: whoever waits is told by its next claim.
    }
    this.#blocking = false;
  }

  #wakeAll(): void {
    for (const done of [...this.#waiting]) done();
  }
}
