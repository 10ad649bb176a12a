import type { LoadedProbe } from "../harness/registry.js";
import { Throttle } from "../limits/throttle.js";

/**
 * If a worker has no limits, each probe's own limits hold within its process, so that a forgotten option does not flood a target. Waiting jobs occupy
 * a slot; with several workers or several kinds of jobs, set limits for the queue.
 */
export class UsualLimits {
  readonly #throttles = new Map<string, Throttle>();
  #isStopping = false;

  constructor(readonly environment: Readonly<Record<string, string | undefined>>) {}

  /** Resolves when a job may run, with a function to call at its end; with null once the worker is stopping. */
  async acquireSlot({ probe }: LoadedProbe, key: string | null, weight: number): Promise<(() => void) | null> {
    if (probe.usualLimits === undefined) return noop;
    let throttle = this.#throttles.get(probe.name);
    if (throttle === undefined) {
      throttle = new Throttle(probe.usualLimits(this.environment));
      this.#throttles.set(probe.name, throttle);
    }
    // Jobs without a key may all have the same target.
    const throttleKey = key ?? "";
    await throttle.enter(throttleKey, weight);
    const release = (): void => throttle.leave(throttleKey);
    if (!this.#isStopping) return release;
    release();
    return null;
  }

  /** Stops the worker's claims: waiting jobs are released. */
  end(): void {
    this.#isStopping = true;
    for (const throttle of this.#throttles.values()) throttle.open();
  }
}

function noop(): void {}
