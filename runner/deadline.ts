import type { FailureCode } from "../schemas/failure.js";

/** Why a run was ended from outside. */
export type EndReason = Extract<FailureCode, "timeout" | "cancelled">;

/**
 * The one deadline of a run. It ends with the first of: time is up, the caller's signal aborts, the run is over.
 * An AbortController costs more than a whole pipelined command, so one is made only for a probe that asks for `signal`.
 */
export class Deadline {
  reason: EndReason | null = null;
  #listeners: Set<(reason: EndReason) => void> | null = null;
  #controller: AbortController | null = null;
  #timer: NodeJS.Timeout | null;
  #detach: (() => void) | null = null;
  #late: { milliseconds: number; callback: () => void } | null = null;

  constructor(
    readonly timeoutMs: number,
    outer: AbortSignal | undefined,
  ) {
    this.#timer = setTimeout(expire, timeoutMs, this);
    if (outer === undefined) return;
    if (outer.aborted) this.end("cancelled");
    else this.#detach = follow(outer, this);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.reason !== null) this.#controller.abort(new Error(this.reason));
    return this.#controller.signal;
  }

  /** Calls back once when the deadline strikes, at once when it has; gives back how to stop listening. */
  onEnd(listener: (reason: EndReason) => void): () => void {
    if (this.reason !== null) {
      listener(this.reason);
      return noListener;
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  /** Calls back when the run still goes on so long after its end. */
  afterEnd(milliseconds: number, callback: () => void): void {
    this.#late = { milliseconds, callback };
  }

  end(reason: EndReason): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.release();
    if (this.#late !== null) this.#timer = setTimeout(this.#late.callback, this.#late.milliseconds);
    this.#controller?.abort(new Error(reason));
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners !== null) for (const listener of listeners) listener(reason);
  }

  /** The run is over: leaves no timer and no listener behind. */
  release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#detach?.();
    this.#detach = null;
  }
}

const followers = new WeakMap<AbortSignal, Set<Deadline>>();

/** One listener a signal, however many runs it may cancel: thousands of listeners would make Node warn of a leak. */
function follow(signal: AbortSignal, deadline: Deadline): () => void {
  let following = followers.get(signal);
  if (following === undefined) {
    const all = new Set<Deadline>();
    signal.addEventListener("abort", () => all.forEach((each) => void each.end("cancelled")), { once: true });
    followers.set(signal, all);
    following = all;
  }
  const all = following;
  all.add(deadline);
  return () => all.delete(deadline);
}

function expire(deadline: Deadline): void {
  deadline.end("timeout");
}

function noListener(): void {}
