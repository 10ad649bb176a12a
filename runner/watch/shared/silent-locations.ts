import type { Queue } from "../../queue/queue.js";
import type { Book } from "../book.js";
import type { Judged } from "./entries.js";
import { Silence } from "./silence.js";

const LOOK_EVERY_MS = 1000;
/** Jobs wait for a moment even where workers are well: they must wait at so many looks in a row. */
const LOOKS = 3;

export interface SilentLocationsOptions {
  /** By location. */
  readonly queues: ReadonlyMap<string, Pick<Queue, "jobs">>;
  /** A location that has reported nothing for so long is silent, if jobs wait there. */
  readonly forMs: number;
  /** Without jobs that wait, workers run them, and have so much more time for it. */
  readonly deadlineMs: number;
  /** The location has an incident that does not end because it reports again. */
  isOffline(location: string): boolean;
}

/** Notices that the workers of a location are away, and that they are back. */
export class SilentLocations {
  readonly #silence: Silence;
  /** Locations that have reported since their incident began, or since the last look. */
  readonly #heard = new Set<string>();
  /** At how many looks in a row jobs waited at a location. */
  readonly #waited = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly book: Book,
    readonly options: SilentLocationsOptions,
  ) {
    this.#silence = new Silence([...options.queues.keys()], options.forMs);
  }

  /** A slot has begun, here or elsewhere. */
  begun(): void {
    this.#silence.begun(performance.now());
  }

  heard(location: string): void {
    this.#silence.heard(location);
    this.#heard.add(location);
  }

  /** Its incident began or ended: what was heard before says nothing of it. */
  judged(location: string): void {
    this.#heard.delete(location);
  }

  /** What is to be written into the log, once it was read to its end. */
  async judgements(at: number): Promise<Judged[]> {
    const back = [...this.#heard].filter((location) => this.book.isDown(location) && !this.options.isOffline(location));
    this.#heard.clear();
    const away = await this.#away();
    const judged = (key: string, reason: string | null): Judged => ({ kind: "judged", about: "location", key, at, reason });
    return [
      ...back.map((location) => judged(location, null)),
      ...away.map((location) => judged(location, `no worker reports${location === "" ? "" : ` from ${location}`}`)),
    ];
  }

  async #away(): Promise<string[]> {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return [];
    this.#lookedAt = now;
    const silent = [...this.#silence.silent(now)].filter(([location]) => !this.book.isDown(location));
    for (const location of this.#waited.keys()) if (!silent.some(([name]) => name === location)) this.#waited.delete(location);
    const away: string[] = [];
    for (const [location, silentMs] of silent) if (silentMs >= this.options.deadlineMs || (await this.#jobsWait(location))) away.push(location);
    return away;
  }

  async #jobsWait(location: string): Promise<boolean> {
    const counts = await this.options.queues.get(location)?.jobs.counts();
    const looks = counts !== undefined && counts.waiting > 0 ? (this.#waited.get(location) ?? 0) + 1 : 0;
    this.#waited.set(location, looks);
    return looks >= LOOKS;
  }
}
