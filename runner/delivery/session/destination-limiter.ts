import type { DeliveryWay } from "../../../schemas/delivery-route.js";
import { TokenBucket } from "../../limits/token-bucket.js";
import { SessionPool } from "../../mail-sites/session-pool.js";
import { monotonic } from "../../run/clock.js";
import type { Deadline } from "../../run/deadline.js";
import { failureError } from "../../run/failure-error.js";
import { ENDED } from "../../run/run-state.js";
import type { Priority } from "../message/priority.js";
import type { Broken } from "../outcome/decision.js";
import { BACKOFF, pauseMs } from "./backoff-limits.js";

export interface DestinationLimits {
  /** Simultaneous sessions. */
  readonly sessions: number;
  readonly messagesPerSession: number;
  readonly messagesPerMinute: number | null;
}

interface Waiter {
  readonly enter: () => void;
}

/** How a turn ended: whether the destination accepted the session. `none` says nothing about it. */
export type Feedback = "good" | "bad" | "none";

/**
 * Limits the load on one destination: a mail site from one source address, or a relay. Messages wait for their own destination only. As in Postfix,
 * it starts with a few sessions, and each success or failure adds or removes one.
 */
export class DestinationLimiter {
  busy = 0;
  window: number = BACKOFF.initialSessions;
  #limits: DestinationLimits;
  #bucket: TokenBucket | null = null;
  readonly #waiting: [Waiter[], Waiter[], Waiter[]] = [[], [], []];
  #failedRounds = 0;
  /** The destination has said how many sessions are too many: not exceeded for a while. */
  #ceiling: { readonly sessions: number; readonly until: number } | null = null;
  #pause: (Broken & { readonly until: number }) | null = null;
  #pausesInARow = 0;
  #oneMessageUntil = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    readonly way: DeliveryWay,
    readonly name: string,
    limits: DestinationLimits,
    readonly pool = new SessionPool(),
  ) {
    this.#limits = limits;
    this.limits = limits;
  }

  /** Open sessions that no message uses. */
  get idle(): number {
    return this.pool.idleAt(this.name);
  }

  get limits(): DestinationLimits {
    return this.#limits;
  }

  /** Messages may ask for different limits: those of the latest one apply to all. */
  set limits(limits: DestinationLimits) {
    const isSameRate = this.#bucket !== null && limits.messagesPerMinute === this.#limits.messagesPerMinute;
    this.#limits = limits;
    if (limits.messagesPerMinute === null) this.#bucket = null;
    else if (!isSameRate) this.#bucket = new TokenBucket(rateOf(limits.messagesPerMinute), monotonic());
  }

  /** One, for a while, after the destination refused a second message that it accepted on a new connection. */
  get messagesPerSession(): number {
    return this.#oneMessageUntil > monotonic() ? 1 : this.#limits.messagesPerSession;
  }

  takesOneMessagePerSession(): void {
    this.#oneMessageUntil = monotonic() + BACKOFF.oneMessageMs;
  }

  get waiting(): number {
    return this.#waiting.reduce((sum, waiters) => sum + waiters.length, 0);
  }

  waitingAt(priority: Priority): number {
    return this.#waiting[priority].length;
  }

  get isUnused(): boolean {
    return this.busy === 0 && this.waiting === 0 && this.idle === 0;
  }

  /** Why deliveries to the destination are paused, and until when (monotonic); null if they are not, or not for long. */
  get pause(): (Broken & { readonly until: number }) | null {
    const pause = this.#pause;
    return pause !== null && pause.until > monotonic() + BACKOFF.waitedForMs ? pause : null;
  }

  /** How long the rate limit alone would delay a message. */
  get rateDelayMs(): number {
    return this.#bucket === null ? 0 : this.#bucket.waitMs(monotonic());
  }

  /** True if a turn is available now; the caller must call leave(). */
  tryEnter(): boolean {
    if (this.waiting > 0 || this.#waitMs() > 0) return false;
    this.#take();
    return true;
  }

  /**
   * Resolves with true when a turn is available; the caller must then call leave(). Resolves with false after `maxWaitMs`. Rejects when the run ends.
   */
  enter(priority: Priority, deadline: Deadline, maxWaitMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting[priority];
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
      const timer = Number.isFinite(maxWaitMs) ? setTimeout(() => gone() && done(false), maxWaitMs) : undefined;
      const forget = deadline.onEnd((reason) => {
        clearTimeout(timer);
        if (gone()) reject(failureError("connect", reason, `${ENDED[reason]}, while waiting for a turn at ${this.name}`));
      });
      if (deadline.reason === null) waiters.push(waiter);
      else reject(failureError("connect", deadline.reason, ENDED[deadline.reason]));
      this.#admit();
    });
  }

  leave(feedback: Feedback, broken: Broken | null = null): void {
    this.busy -= 1;
    if (feedback === "good") this.#good();
    else if (feedback === "bad" && broken !== null) this.#bad(broken);
    this.#admit();
  }

  /**
   * The server replied with 421. If other sessions of this process are open, it wants fewer of them: false. Otherwise deliveries to the whole
   * destination are paused, longer each time.
   */
  backOff(broken: Broken, afterMs: number | null): boolean {
    const others = this.busy - 1 + this.idle;
    this.window = Math.max(1, Math.min(this.window - 1, others));
    this.#ceiling = { sessions: this.window, until: monotonic() + BACKOFF.ceilingMs };
    if (others > 0) return false;
    const pause = Math.max(afterMs ?? 0, pauseMs(BACKOFF.busyFirstMs, BACKOFF.busyMostMs, this.#pausesInARow));
    this.#pauseFor(pause, broken);
    return true;
  }

  /** Called when the engine closes. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #good(): void {
    this.#failedRounds = 0;
    this.#pausesInARow = 0;
    // The limit grows only if there is demand.
    if (this.waiting > 0 && this.window < Math.min(this.#limits.sessions, this.#most())) this.window += 1;
  }

  #most(): number {
    if (this.#ceiling !== null && this.#ceiling.until < monotonic()) this.#ceiling = null;
    return this.#ceiling?.sessions ?? Number.POSITIVE_INFINITY;
  }

  #bad(broken: Broken): void {
    this.#failedRounds += 1 / this.window;
    this.window = Math.max(1, this.window - 1);
    if (this.#failedRounds < BACKOFF.failedRounds) return;
    this.#failedRounds = 0;
    this.#pauseFor(pauseMs(BACKOFF.deadFirstMs, BACKOFF.deadMostMs, this.#pausesInARow), broken);
  }

  #pauseFor(milliseconds: number, { failure, reply }: Broken): void {
    this.#pausesInARow += 1;
    this.#pause = { until: monotonic() + milliseconds, failure, reply };
    // Waiting messages are woken: each finds the pause and reports it.
    for (const waiters of this.#waiting) for (const { enter } of waiters.splice(0)) this.#enterNow(enter);
  }

  #admit(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const waiters of this.#waiting) {
      while (waiters.length > 0) {
        const wait = this.#waitMs();
        if (wait > 0) {
          this.#admitIn(wait);
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

  /** 0: a turn is available. Infinite: another message must leave first. */
  #waitMs(): number {
    if (this.busy >= Math.min(this.window, this.#limits.sessions)) return Number.POSITIVE_INFINITY;
    const now = monotonic();
    const pause = this.#pause === null || this.pause !== null ? 0 : this.#pause.until - now;
    return Math.max(0, pause, this.#bucket?.waitMs(now) ?? 0);
  }

  #admitIn(milliseconds: number): void {
    if (Number.isFinite(milliseconds)) this.#timer = setTimeout(() => this.#admit(), Math.ceil(milliseconds));
  }
}

/** Bursts of at most one second's worth. */
function rateOf(perMinute: number): { perSecond: number; burst: number } {
  return { perSecond: perMinute / 60, burst: Math.max(1, Math.floor(perMinute / 60)) };
}
