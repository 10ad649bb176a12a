import type { Deadline } from "../../run/deadline.js";
import { failureError } from "../../run/failure-error.js";
import { ENDED } from "../../run/run-state.js";

/** What ends a caller's wait: the deadline of its run. */
export type Ending = Pick<Deadline, "onEnd">;

/**
 * Work that several runs wait for. Each waits no longer than its own run; when the last one has gone, the work is
 * cancelled, so that nothing outlives the runs that wanted it.
 */
export class SingleFlight<Result> {
  readonly #waiting = new Set<(result: Result) => void>();
  readonly #cancel: () => void;

  constructor(work: (done: (result: Result) => void) => () => void) {
    this.#cancel = work((result) => {
      for (const tell of this.#waiting) tell(result);
      this.#waiting.clear();
    });
  }

  /** `abandoned` is called once no caller waits any more. */
  join(ending: Ending | null, abandoned: () => unknown): Promise<Result> {
    return new Promise((resolve, reject) => {
      let forget = (): void => {};
      const tell = (result: Result): void => {
        forget();
        resolve(result);
      };
      this.#waiting.add(tell);
      if (ending === null) return;
      forget = ending.onEnd((reason) => {
        reject(failureError("resolve", reason, ENDED[reason]));
        this.#waiting.delete(tell);
        if (this.#waiting.size > 0) return;
        this.#cancel();
        abandoned();
      });
    });
  }
}
