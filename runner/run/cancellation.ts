/** What a cancellation ends: the deadline of a run. */
interface Cancellable {
  end(reason: "cancelled"): void;
}

/**
 * Ends one run from outside, as an AbortSignal does. A queue's worker needs one for each job, and a controller with its signal and a listener costs
 * more than reading the job.
 */
export class Cancellation {
  #isCancelled = false;
  #run: Cancellable | null = null;

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#run?.end("cancelled");
  }

  /** The run that it ends from now on; null once that is over. */
  watch(run: Cancellable | null): void {
    this.#run = run;
    if (this.#isCancelled) run?.end("cancelled");
  }
}
