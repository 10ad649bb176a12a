import type { FailureCode } from "../../schemas/failure.js";
import { Cancellation } from "./cancellation.js";
import { monotonic } from "./clock.js";
import { afterReading } from "./read-scheduler.js";

/** Why a run was ended from outside. */
export type EndReason = Extract<FailureCode, "timeout" | "cancelled">;

/** Something within a run that ends with it, such as a connection attempt or a connection that waits for its peer. */
export interface Watched {
  /** The monotonic time at which overdue() is called; 0 while nothing is waited for. */
  readonly dueAt: number;
  /** Called until `dueAt` changes. */
  overdue(): void;
  ended(reason: EndReason): void;
}

/** A timer may fire this early by the monotonic clock; the rest is not worth another timer. */
const EARLY_MS = 0.5;

/**
 * The one deadline of a run, and the waits within it. It ends with the first of: time is up, the caller's signal aborts, the run is over.
 *
 * Thousands of runs may wait at once, so it holds little: one timer for everything that a run waits for, created when there is something to notify,
 * and an AbortController, which costs more than a whole pipelined command, only for a probe that asks for `signal`.
 */
export class Deadline {
  reason: EndReason | null = null;
  #watched: Watched[] = NOTHING;
  #endsAt: number;
  /** When #timer fires; infinity while there is none. */
  #wakesAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #controller: AbortController | null = null;
  #detach: (() => void) | null = null;
  #released: (() => void)[] = NOTHING_TO_CALL;
  #graceMs = 0;
  #late: (() => void) | null = null;

  constructor(
    readonly timeoutMs: number,
    outer: AbortSignal | Cancellation | undefined,
  ) {
    this.#endsAt = monotonic() + timeoutMs;
    if (outer === undefined) return;
    if (outer instanceof Cancellation) {
      this.#detach = () => outer.watch(null);
      outer.watch(this);
    } else if (outer.aborted) this.end("cancelled");
    else this.#detach = follow(outer, this);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.reason !== null) this.#controller.abort(new Error(this.reason));
    else this.#wakeBy(this.#endsAt);
    return this.#controller.signal;
  }

  /** Calls back once when the deadline expires, immediately if it already has. Returns a function that stops listening. */
  onEnd(listener: (reason: EndReason) => void): () => void {
    const watched: Watched = { dueAt: 0, overdue: nothing, ended: listener };
    this.watch(watched);
    return () => this.unwatch(watched);
  }

  /** The same for an object with its own waits, and without a closure. */
  watch(watched: Watched): void {
    if (this.reason !== null) {
      watched.ended(this.reason);
      return;
    }
    // A run seldom has more than one. A growing array would allocate seventeen slots.
    if (this.#watched.length === 0) this.#watched = [watched];
    else this.#watched.push(watched);
    this.watchUntil(watched.dueAt);
  }

  unwatch(watched: Watched): void {
    if (this.#watched.length === 1 && this.#watched[0] === watched) this.#watched = NOTHING;
    else this.#watched = this.#watched.filter((each) => each !== watched);
    // A run that is over has no end of its own to wait for: a timer that was set for the last of these would only keep the process alive.
    if (this.#watched.length === 0 && this.#endsAt === Number.POSITIVE_INFINITY && this.reason === null) this.#stopTimer();
  }

  /** A watched object has changed its `dueAt`. A longer wait costs nothing: the timer finds out when it fires. */
  watchUntil(dueAt: number): void {
    if (this.reason === null) this.#wakeBy(dueAt === 0 ? this.#endsAt : Math.min(dueAt, this.#endsAt));
  }

  /** Calls back if the run is still active this many milliseconds after its end. */
  afterEnd(milliseconds: number, callback: () => void): void {
    this.#graceMs = milliseconds;
    this.#late = callback;
    if (this.reason === null) this.#wakeBy(this.#endsAt);
    else this.#timer ??= setTimeout(callback, milliseconds);
  }

  /** Calls back once when the run is over, or has been ended: for what several steps of it share, and none of them closes. */
  atRelease(callback: () => void): void {
    if (this.reason !== null || this.#endsAt === Number.POSITIVE_INFINITY) callback();
    else this.#released = [...this.#released, callback];
  }

  end(reason: EndReason): void {
    if (this.reason !== null) return;
    this.reason = reason;
    const watched = this.#watched;
    this.#watched = NOTHING;
    this.release();
    if (this.#late !== null) this.#timer = setTimeout(this.#late, this.#graceMs);
    this.#controller?.abort(new Error(reason));
    for (const each of watched) each.ended(reason);
  }

  /** The run is over: removes its timer and listener, unless something that it did not close is still waiting. */
  release(): void {
    this.#endsAt = Number.POSITIVE_INFINITY;
    this.#stopTimer();
    this.#wakeBy(this.#nextDue());
    this.#detach?.();
    this.#detach = null;
    const released = this.#released;
    this.#released = NOTHING_TO_CALL;
    for (const callback of released) callback();
  }

  #wakeBy(moment: number): void {
    if (moment >= this.#wakesAt || moment === Number.POSITIVE_INFINITY) return;
    this.#stopTimer();
    this.#wakesAt = moment;
    this.#timer = setTimeout(wake, Math.ceil(moment - monotonic()), this);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wakesAt = Number.POSITIVE_INFINITY;
  }

  /** Internal: the timer's callback. */
  wake(): void {
    if (this.#nextDue() <= monotonic() + EARLY_MS) {
      afterReading(() => this.#judge());
      return;
    }
    this.#stopTimer();
    this.#wakeBy(this.#nextDue());
  }

  #judge(): void {
    if (this.reason !== null) return;
    this.#stopTimer();
    const now = monotonic() + EARLY_MS;
    if (this.#endsAt <= now) {
      this.end("timeout");
      return;
    }
    for (const watched of this.#watched) if (watched.dueAt !== 0 && watched.dueAt <= now) watched.overdue();
    this.#wakeBy(this.#nextDue());
  }

  #nextDue(): number {
    let next = this.#endsAt;
    for (const { dueAt } of this.#watched) if (dueAt !== 0 && dueAt < next) next = dueAt;
    return next;
  }
}

/** Shared, and so never written to. */
const NOTHING: Watched[] = [];
const NOTHING_TO_CALL: (() => void)[] = [];

const followers = new WeakMap<AbortSignal, Set<Deadline>>();

/** One listener per signal, however many runs it may cancel: thousands of listeners would make Node warn about a leak. */
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

function wake(deadline: Deadline): void {
  deadline.wake();
}

function nothing(): void {}
