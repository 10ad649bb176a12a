import type { SiteGroup } from "./scenario.js";

/** Sites as columns of numbers: ten million domains are some million sites. */
export class Sites {
  readonly count: number;
  readonly group: Uint8Array;
  /** Jobs that have not been started. */
  readonly waiting: Int32Array;
  /** Those of them that were deferred. */
  readonly #deferred: Int32Array;
  readonly running: Int32Array;
  readonly isReady: Uint8Array;
  readonly isAwaitingToken: Uint8Array;
  readonly isSilent: Uint8Array;
  readonly isGreylisting: Uint8Array;
  readonly #tokens: Float64Array;
  readonly #filledAt: Float64Array;
  /** The first site of each group. */
  readonly #firsts: number[] = [];

  constructor(
    readonly groups: readonly SiteGroup[],
    random: () => number,
  ) {
    const count = groups.reduce((sum, { sites }) => sum + sites, 0);
    this.count = count;
    this.group = new Uint8Array(count);
    this.waiting = new Int32Array(count);
    this.#deferred = new Int32Array(count);
    this.running = new Int32Array(count);
    this.isReady = new Uint8Array(count);
    this.isAwaitingToken = new Uint8Array(count);
    this.isSilent = new Uint8Array(count);
    this.isGreylisting = new Uint8Array(count);
    this.#tokens = new Float64Array(count);
    this.#filledAt = new Float64Array(count);
    let site = 0;
    for (const [index, group] of groups.entries()) {
      this.#firsts.push(site);
      for (let nth = 0; nth < group.sites; nth += 1, site += 1) {
        this.group[site] = index;
        this.isSilent[site] = Number(random() < group.silentShare);
        this.isGreylisting[site] = Number(random() < group.greylistShare);
        this.#tokens[site] = group.limit?.rate?.burst ?? 0;
      }
    }
  }

  groupOf(site: number): SiteGroup {
    return this.groups[this.group[site] as number] as SiteGroup;
  }

  /** How long until the limit lets another job start; infinite if one has to end first. The bucket of runner/limits/token-bucket.ts, in columns. */
  waitMs(site: number, now: number): number {
    const { limit } = this.groupOf(site);
    if (limit === null) return 0;
    if (limit.atOnce !== null && (this.running[site] as number) >= limit.atOnce) return Number.POSITIVE_INFINITY;
    if (limit.rate === null) return 0;
    const { burst, perSecond } = limit.rate;
    const tokens = Math.min(burst, (this.#tokens[site] as number) + ((now - (this.#filledAt[site] as number)) / 1000) * perSecond);
    this.#tokens[site] = tokens;
    this.#filledAt[site] = now;
    return tokens >= 1 - ROUNDING ? 0 : ((1 - tokens) / perSecond) * 1000;
  }

  /** How many jobs the site gets. */
  jobsOf(site: number): number {
    const { jobs, sites } = this.groupOf(site);
    const nth = site - (this.#firsts[this.group[site] as number] as number);
    return Math.floor(((nth + 1) * jobs) / sites) - Math.floor((nth * jobs) / sites);
  }

  /** A job that was deferred waits. */
  hasDeferred(site: number): boolean {
    return (this.#deferred[site] as number) > 0;
  }

  arrive(site: number, isRetry: boolean): void {
    this.waiting[site] = (this.waiting[site] as number) + 1;
    if (isRetry) this.#deferred[site] = (this.#deferred[site] as number) + 1;
  }

  /** Starts the next job of the site: one that was deferred, if there is one. */
  start(site: number): { isRetry: boolean } {
    const isRetry = (this.#deferred[site] as number) > 0;
    if (isRetry) this.#deferred[site] = (this.#deferred[site] as number) - 1;
    this.waiting[site] = (this.waiting[site] as number) - 1;
    this.running[site] = (this.running[site] as number) + 1;
    this.#tokens[site] = (this.#tokens[site] as number) - 1;
    return { isRetry };
  }

  end(site: number): void {
    this.running[site] = (this.running[site] as number) - 1;
  }
}

/** A bucket that is asked at the moment when it holds a token may hold a little less. */
const ROUNDING = 1e-9;
