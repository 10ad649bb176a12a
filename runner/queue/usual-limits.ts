import type { LoadedProbe } from "../harness/registry.js";
import { Throttle } from "../limits/throttle.js";

/**
 * Where a worker was given no limits, those that a probe brings with it hold, for this process: nobody is asked without measure because a word was
 * forgotten. A job waits in its place; whoever runs several workers, or several kinds of jobs, gives limits to the queue.
 */
export class UsualLimits {
  readonly #throttles = new Map<string, Throttle>();
  #isOver = false;

  constructor(readonly environment: Readonly<Record<string, string | undefined>>) {}

  /** Resolves when a job may run, with how to say that it has ended; with null when it is not to run any more. */
  async enter({ probe }: LoadedProbe, key: string | null, weight: number): Promise<(() => void) | null> {
    if (probe.usualLimits === undefined) return nothing;
    let throttle = this.#throttles.get(probe.name);
    if (throttle === undefined) {
      throttle = new Throttle(probe.usualLimits(this.environment));
      this.#throttles.set(probe.name, throttle);
    }
    // Jobs without a key may all go to the same place.
    const site = key ?? "";
    await throttle.enter(site, weight);
    const ended = (): void => throttle.leave(site);
    if (!this.#isOver) return ended;
    ended();
    return null;
  }

  /** No more jobs: those that wait are told. */
  end(): void {
    this.#isOver = true;
    for (const throttle of this.#throttles.values()) throttle.open();
  }
}

function nothing(): void {}
