import type { Limit, Limits } from "./limits.js";
import { TokenBucket } from "./token-bucket.js";

interface Waiter {
  readonly site: string;
  readonly count: number;
  readonly enter: () => void;
}

/**
 * The limits of a queue, for work of one process without a queue: how many at once and per second, in total and for each site. Callers wait; none is
 * rejected, and no token is taken before there is a slot.
 */
export class Throttle {
  readonly #all: Usage;
  readonly #sites = new Map<string, Usage>();
  readonly #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isOpen = false;

  constructor(
    readonly limits: Limits,
    readonly now: () => number = () => performance.now(),
  ) {
    this.#all = new Usage(limits.all, now());
  }

  /** Resolves when `count` addresses of the site may be checked; the caller must call leave(). */
  enter(site: string, count: number): Promise<void> {
    if (this.#isOpen) return Promise.resolve();
    return new Promise((enter) => {
      this.#waiting.push({ site, count, enter });
      this.#admitWaiting();
    });
  }

  leave(site: string): void {
    this.#all.running -= 1;
    const usage = this.#usage(site);
    usage.running -= 1;
    if (!this.#isOpen) this.#admitWaiting();
  }

  /** Admits all waiting callers, because they no longer have anything to do. */
  open(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isOpen = true;
    for (const { enter } of this.#waiting.splice(0)) enter();
  }

  /** Admits waiting callers in order of arrival; those that a limit of their site holds back are overtaken by others. */
  #admitWaiting(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = this.now();
    let wakeIn = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#waiting.length; ) {
      const waiter = this.#waiting[index] as Waiter;
      const usage = this.#usage(waiter.site);
      const wait = Math.max(this.#all.waitMs(now), usage.waitMs(now));
      if (wait === 0) {
        this.#waiting.splice(index, 1);
        for (const each of [this.#all, usage]) each.take(waiter.count, now);
        waiter.enter();
      } else {
        wakeIn = Math.min(wakeIn, wait);
        if (this.#all.waitMs(now) > 0) break;
        index += 1;
      }
    }
    // leave() announces a free slot, so only time needs a timer.
    if (Number.isFinite(wakeIn)) this.#timer = setTimeout(() => this.#admitWaiting(), Math.ceil(wakeIn));
  }

  #forgetIdle(): void {
    const now = this.now();
    for (const [site, usage] of this.#sites) if (usage.running === 0 && usage.waitMs(now) === 0) this.#sites.delete(site);
  }

  #usage(site: string): Usage {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    if (this.#sites.size >= MAX_SITES) this.#forgetIdle();
    const usage = new Usage(this.limits.keys[site] ?? this.limits.eachKey, this.now());
    this.#sites.set(site, usage);
    return usage;
  }
}

/** A worker runs for weeks. */
const MAX_SITES = 1000;

/** The runs and tokens that one limit counts. */
class Usage {
  running = 0;
  readonly #atOnce: number;
  readonly #bucket: TokenBucket | null;

  constructor(limit: Limit | null, now: number) {
    this.#atOnce = limit?.atOnce ?? Number.POSITIVE_INFINITY;
    this.#bucket = limit?.rate ? new TokenBucket(limit.rate, now) : null;
  }

  /** 0: may enter now. Infinite: another one must leave first. */
  waitMs(now: number): number {
    return this.running >= this.#atOnce ? Number.POSITIVE_INFINITY : (this.#bucket?.waitMs(now) ?? 0);
  }

  take(count: number, now: number): void {
    this.running += 1;
    this.#bucket?.take(count, now);
  }
}
