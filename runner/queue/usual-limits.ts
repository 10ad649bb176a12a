import type { LoadedProbe } from "../harness/registry.js";
import type { Limits } from "../limits/limits.js";
import { Throttle } from "../limits/throttle.js";

type Environment = Readonly<Record<string, string | undefined>>;
type LimitsOf = (environment: Environment) => Limits;

/**
 * If a worker has no limits, each probe's own limits hold within its process, so that a forgotten option does not flood a target. Waiting jobs occupy
 * a slot; with several workers or several kinds of jobs, set limits for the queue.
 */
export class UsualLimits {
  readonly #throttles = new Map<string, Throttle>();
  #isStopping = false;

  constructor(readonly environment: Environment) {}

  /** When a job may run: a function to call at its end; null once the worker is stopping. */
  acquireSlot({ probe }: LoadedProbe, key: string | null, weight: number): Promise<(() => void) | null> | (() => void) {
    const { name, usualLimits } = probe;
    return usualLimits === undefined ? noop : this.#enter(name, usualLimits, key, weight);
  }

  async #enter(name: string, usualLimits: LimitsOf, key: string | null, weight: number): Promise<(() => void) | null> {
    let throttle = this.#throttles.get(name);
    if (throttle === undefined) {
      throttle = new Throttle(usualLimits(this.environment));
      this.#throttles.set(name, throttle);
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
