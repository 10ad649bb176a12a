import { monotonic } from "../../runner/run/clock.js";
import { type Ctx, isOver } from "./evidence.js";
import type { Input } from "./schema.js";

/** How fast one site is asked: no two RCPT closer together than `interval_ms`, and a random delay within a connection. */
export class Pace {
  /** When the last RCPT went out; null before the first. */
  #askedAt: number | null = null;

  constructor(
    readonly ctx: Ctx,
    readonly input: Pick<Input, "interval_ms" | "pause_ms">,
  ) {}

  /** False: several addresses may go out together. */
  get isSlow(): boolean {
    return this.input.interval_ms > 0 || this.input.pause_ms > 0;
  }

  /** Resolves when the next address may be asked for, or early when the run ends. */
  async wait({ isFirstOfConnection }: { isFirstOfConnection: boolean }): Promise<void> {
    const { interval_ms: interval, pause_ms: most } = this.input;
    // An even pace is how a server recognises a program.
    const pause = isFirstOfConnection ? 0 : Math.random() * most;
    const rest = this.#askedAt === null ? 0 : this.#askedAt + interval - monotonic();
    const waitMs = Math.max(pause, rest);
    if (waitMs > 0 && !isOver(this.ctx)) await this.#sleep(waitMs);
    this.#askedAt = monotonic();
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(over, milliseconds);
      const stopListening = this.ctx.run.deadline.onEnd(over);
      function over(): void {
        clearTimeout(timer);
        stopListening();
        resolve();
      }
    });
  }
}
