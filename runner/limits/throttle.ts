import type { Limit, Limits } from "./limits.js";
import { TokenBucket } from "./token-bucket.js";

interface Waiter {
  readonly site: string;
  readonly count: number;
  readonly enter: () => void;
}

/**
 * The limits of a queue, for work that one process does without a queue: how many at once and how many a second, together and
 * for each site. Whoever has to wait waits; nobody is turned away, and no token is taken before there is a place.
 */
export class Throttle {
  readonly #all: Lane;
  readonly #sites = new Map<string, Lane>();
  readonly #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isOpen = false;

  constructor(
    readonly limits: Limits,
    readonly now: () => number = () => performance.now(),
  ) {
    this.#all = new Lane(limits.all, now());
  }

  /** Resolves when `count` addresses of the site may be asked for; leave() has to follow. */
  enter(site: string, count: number): Promise<void> {
    if (this.#isOpen) return Promise.resolve();
    return new Promise((enter) => {
      this.#waiting.push({ site, count, enter });
      this.#letIn();
    });
  }

  leave(site: string): void {
    this.#all.running -= 1;
    const lane = this.#lane(site);
    lane.running -= 1;
    if (!this.#isOpen) this.#letIn();
  }

  /** Lets everybody in at once: for whoever waits only to find that there is nothing left to do. */
  open(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isOpen = true;
    for (const { enter } of this.#waiting.splice(0)) enter();
  }

  /** Lets in whoever fits, in the order in which they came; whom a limit of their site holds back is passed by others. */
  #letIn(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = this.now();
    let wakeIn = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#waiting.length; ) {
      const waiter = this.#waiting[index] as Waiter;
      const lane = this.#lane(waiter.site);
      const wait = Math.max(this.#all.waitMs(now), lane.waitMs(now));
      if (wait === 0) {
        this.#waiting.splice(index, 1);
        for (const each of [this.#all, lane]) each.take(waiter.count, now);
        waiter.enter();
      } else {
        wakeIn = Math.min(wakeIn, wait);
        if (this.#all.waitMs(now) > 0) break;
        index += 1;
      }
    }
    // A place that is missing is announced by leave(); only time has to be waited for.
    if (Number.isFinite(wakeIn)) this.#timer = setTimeout(() => this.#letIn(), Math.ceil(wakeIn));
  }

  #forgetIdle(): void {
    const now = this.now();
    for (const [site, lane] of this.#sites) if (lane.running === 0 && lane.waitMs(now) === 0) this.#sites.delete(site);
  }

  #lane(site: string): Lane {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    if (this.#sites.size >= MOST_SITES) this.#forgetIdle();
    const lane = new Lane(this.limits.keys[site] ?? this.limits.eachKey, this.now());
    this.#sites.set(site, lane);
    return lane;
  }
}

/** A worker lives for weeks. */
const MOST_SITES = 1000;

class Lane {
  running = 0;
  readonly #atOnce: number;
  readonly #bucket: TokenBucket | null;

  constructor(limit: Limit | null, now: number) {
    this.#atOnce = limit?.atOnce ?? Number.POSITIVE_INFINITY;
    this.#bucket = limit?.rate ? new TokenBucket(limit.rate, now) : null;
  }

  /** 0: one may enter now. Infinite: somebody has to leave first. */
  waitMs(now: number): number {
    return this.running >= this.#atOnce ? Number.POSITIVE_INFINITY : (this.#bucket?.waitMs(now) ?? 0);
  }

  take(count: number, now: number): void {
    this.running += 1;
    this.#bucket?.take(count, now);
  }
}
