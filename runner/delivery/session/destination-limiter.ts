import { TokenBucket } from "../../limits/token-bucket.js";
import { monotonic } from "../../run/clock.js";
import type { Deadline } from "../../run/deadline.js";
import { fail } from "../../run/failure-error.js";
import { ENDED } from "../../run/run-state.js";
import type { Rank } from "../message/priority.js";
import type { Broken } from "../outcome/decision.js";
import { PATIENCE, pauseMs } from "./backoff-limits.js";
import type { PooledSession } from "./pooled-session.js";

export interface LaneLimits {
  /** Sessions at one time. */
  readonly sessions: number;
  readonly messagesPerSession: number;
  readonly messagesPerMinute: number | null;
}

interface Waiter {
  readonly enter: () => void;
}

/** How a place was used: whether the site let us in and listened. `none` says nothing of it. */
export type Feedback = "good" | "bad" | "none";

/**
 * What one destination gets at one time: a mail site seen from one source address, or a relay. Everybody waits in the lane of his own
 * destination only. As Postfix does, it begins with a few sessions, and the destination earns or loses one at a time.
 */
export class Lane {
  /** Sessions that nobody uses just now, the last used at the end. */
  readonly idle: PooledSession[] = [];
  busy = 0;
  window: number = PATIENCE.initialSessions;
  #limits: LaneLimits;
  #bucket: TokenBucket | null = null;
  readonly #waiting: [Waiter[], Waiter[], Waiter[]] = [[], [], []];
  #failedRounds = 0;
  /** So many it takes and no more, as it has said: not asked for again before a while. */
  #ceiling: { readonly sessions: number; readonly until: number } | null = null;
  #pause: (Broken & { readonly until: number }) | null = null;
  #pausesInARow = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    readonly name: string,
    limits: LaneLimits,
  ) {
    this.#limits = limits;
    this.limits = limits;
  }

  get limits(): LaneLimits {
    return this.#limits;
  }

  /** Orders may ask for different ones: the last that came counts for all. */
  set limits(limits: LaneLimits) {
    const isSamePace = this.#bucket !== null && limits.messagesPerMinute === this.#limits.messagesPerMinute;
    this.#limits = limits;
    if (limits.messagesPerMinute === null) this.#bucket = null;
    else if (!isSamePace) this.#bucket = new TokenBucket(paceOf(limits.messagesPerMinute), monotonic());
  }

  get waiting(): number {
    return this.#waiting.reduce((sum, waiters) => sum + waiters.length, 0);
  }

  waitingAt(rank: Rank): number {
    return this.#waiting[rank].length;
  }

  get isUnused(): boolean {
    return this.busy === 0 && this.waiting === 0 && this.idle.length === 0;
  }

  /** Why the destination is left alone, and until when (monotonic); null when it is not, or not for long. */
  get pause(): (Broken & { readonly until: number }) | null {
    const pause = this.#pause;
    return pause !== null && pause.until > monotonic() + PATIENCE.waitedForMs ? pause : null;
  }

  /** How long the pace alone would keep a message waiting. */
  get paceMs(): number {
    return this.#bucket === null ? 0 : this.#bucket.waitMs(monotonic());
  }

  /** True when there is a place at once; leave() has to follow. */
  tryEnter(): boolean {
    if (this.waiting > 0 || this.#waitMs() > 0) return false;
    this.#take();
    return true;
  }

  /** Resolves with true when there is a place, and leave() has to follow; with false after `mostWaitMs`. Rejects with the run's end. */
  enter(rank: Rank, deadline: Deadline, mostWaitMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting[rank];
      const gone = (): boolean => {
        const index = waiters.indexOf(waiter);
        if (index !== -1) waiters.splice(index, 1);
        return index !== -1;
      };
      const done = (isIn: boolean): void => {
        clearTimeout(timer);
        forget();
        resolve(isIn);
      };
      const waiter: Waiter = { enter: () => done(true) };
      const timer = Number.isFinite(mostWaitMs) ? setTimeout(() => gone() && done(false), mostWaitMs) : undefined;
      const forget = deadline.onEnd((reason) => {
        clearTimeout(timer);
        if (gone()) reject(fail("connect", reason, `${ENDED[reason]}, while it waited for its turn at ${this.name}`));
      });
      if (deadline.reason === null) waiters.push(waiter);
      else reject(fail("connect", deadline.reason, ENDED[deadline.reason]));
      this.#letIn();
    });
  }

  leave(feedback: Feedback, broken: Broken | null = null): void {
    this.busy -= 1;
    if (feedback === "good") this.#good();
    else if (feedback === "bad" && broken !== null) this.#bad(broken);
    this.#letIn();
  }

  /**
   * The server has said 421. Where others are in, it does not want more at one time: false. Otherwise the whole site is left alone for a
   * while, longer each time.
   */
  backOff(broken: Broken, afterMs: number | null): boolean {
    const others = this.busy - 1 + this.idle.length;
    this.window = Math.max(1, Math.min(this.window - 1, others));
    this.#ceiling = { sessions: this.window, until: monotonic() + PATIENCE.ceilingMs };
    if (others > 0) return false;
    const pause = Math.max(afterMs ?? 0, pauseMs(PATIENCE.busyFirstMs, PATIENCE.busyMostMs, this.#pausesInARow));
    this.#pauseFor(pause, broken);
    return true;
  }

  /** Nobody waits any longer: for the end of the engine. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const session of this.idle.splice(0)) session.close();
  }

  #good(): void {
    this.#failedRounds = 0;
    this.#pausesInARow = 0;
    // It grows only where more is wanted than it gives.
    if (this.waiting > 0 && this.window < Math.min(this.#limits.sessions, this.#most())) this.window += 1;
  }

  #most(): number {
    if (this.#ceiling !== null && this.#ceiling.until < monotonic()) this.#ceiling = null;
    return this.#ceiling?.sessions ?? Number.POSITIVE_INFINITY;
  }

  #bad(broken: Broken): void {
    this.#failedRounds += 1 / this.window;
    this.window = Math.max(1, this.window - 1);
    if (this.#failedRounds < PATIENCE.failedRounds) return;
    this.#failedRounds = 0;
    this.#pauseFor(pauseMs(PATIENCE.deadFirstMs, PATIENCE.deadMostMs, this.#pausesInARow), broken);
  }

  #pauseFor(milliseconds: number, { failure, reply }: Broken): void {
    this.#pausesInARow += 1;
    this.#pause = { until: monotonic() + milliseconds, failure, reply };
    // Whoever waits is let in: he finds the pause, and is told.
    for (const waiters of this.#waiting) for (const { enter } of waiters.splice(0)) this.#enterNow(enter);
  }

  #letIn(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const waiters of this.#waiting) {
      while (waiters.length > 0) {
        const wait = this.#waitMs();
        if (wait > 0) {
          this.#lookAgainIn(wait);
          return;
        }
        this.#enterNow((waiters.shift() as Waiter).enter);
      }
    }
  }

  #enterNow(enter: () => void): void {
    this.#take();
    enter();
  }

  #take(): void {
    this.busy += 1;
    this.#bucket?.take(1, monotonic());
  }

  /** 0: one may enter now. Infinite: somebody has to leave first. */
  #waitMs(): number {
    if (this.busy >= Math.min(this.window, this.#limits.sessions)) return Number.POSITIVE_INFINITY;
    const now = monotonic();
    const pause = this.#pause === null || this.pause !== null ? 0 : this.#pause.until - now;
    return Math.max(0, pause, this.#bucket?.waitMs(now) ?? 0);
  }

  #lookAgainIn(milliseconds: number): void {
    if (Number.isFinite(milliseconds)) this.#timer = setTimeout(() => this.#letIn(), Math.ceil(milliseconds));
  }
}

/** At most a second's worth at once. */
function paceOf(perMinute: number): { perSecond: number; burst: number } {
  return { perSecond: perMinute / 60, burst: Math.max(1, Math.floor(perMinute / 60)) };
}
