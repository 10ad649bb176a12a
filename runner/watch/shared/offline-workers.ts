import { Blindness } from "../blindness.js";
import type { Book } from "../book.js";
import { slotLength } from "../schedule/schedule.js";
import type { WatchedCheck } from "../watch-plan.js";
import type { Judged, Place, Report } from "./entries.js";
import { failingShare } from "./quorum.js";

/** If a suite has few checks, all of them must fail at a location, and with fewer than this even that may be by chance. */
const LEAST_OF_LOCATION = 3;

interface Location {
  readonly blindness: Blindness;
  /** Checks that failed there, and not elsewhere, when they were run last. */
  readonly alone: Set<string>;
}

export const MOST_FAIL = "more than half of the checks fail at once: the workers seem to be offline";

/**
 * Whether the failures of many checks at once are those of the workers: of one location, whose checks do not fail elsewhere, or of all of them. What
 * one watch concludes goes into the log with the checks that it is about, so all watches take back the same results, also after a restart.
 */
export class OfflineWorkers {
  #everywhere: Blindness;
  /** None if there is only one: no other could disagree with it. */
  #locations: ReadonlyMap<string, Location>;
  readonly #byKey: ReadonlyMap<string, WatchedCheck>;

  constructor(
    readonly book: Book,
    locations: readonly string[],
  ) {
    const { checks } = book.plan;
    this.#everywhere = new Blindness(checks.length);
    if (!this.#hasCanaries) this.#everywhere.resume(checks, (key) => book.state(key));
    this.#locations = locationsOf(locations.length < 2 ? [] : locations, checks.length);
    this.#byKey = new Map(checks.map((check) => [check.key, check]));
  }

  /** A new epoch begins: the moments before it cannot be compared with what comes. */
  forget(): void {
    const { checks } = this.book.plan;
    this.#everywhere = new Blindness(checks.length);
    this.#locations = locationsOf([...this.#locations.keys()], checks.length);
  }

  /** The reports of a slot, without the failures of locations that had an incident when it began, or have one. */
  believed(at: number, reports: readonly Report[]): Report[] {
    return reports.map((report) =>
      this.#isBelieved(at, report) ? report : { ...report, outcome: "unknown", reason: `${report.location} seems to be offline; ${report.reason}` },
    );
  }

  /** A slot has ended with these reports. */
  ended(check: WatchedCheck, at: number, reports: readonly Report[]): void {
    if (this.#locations.size === 0) return;
    const measured = reports.filter(({ outcome }) => outcome !== "unknown");
    for (const report of measured) this.#seen(check, at, report, measured);
  }

  /** The check is fine, as far as locations agree on it. */
  fine({ key }: WatchedCheck): void {
    this.#everywhere.fine(key);
  }

  /** The check fails, by more than half of its reports or not. True: that says nothing, because the workers seem to be offline, or seemed so then. */
  failed(check: WatchedCheck, at: number, isByMost: boolean): boolean {
    if (this.#hasCanaries) return false;
    if (isByMost) this.#everywhere.failed(check.key, at, slotLength(at, check.schedule), this.#wasFailing(check.key));
    return this.book.isBlind || at < this.book.judgedAt("watch", "");
  }

  /** What is to be written into the log, as far as it has been read. */
  judgements({ id, at: now }: Place): Judged[] {
    const judged: Judged[] = [];
    const add = (about: Judged["about"], key: string, reason: string | null, turned: ReadonlyMap<string, number> = new Map()): void =>
      void judged.push({ kind: "judged", about, key, at: now, reason, turned: [...turned], ...(id === null ? {} : { after: id }) });
    if (!this.#hasCanaries) {
      const { turned, isOver } = this.#everywhere;
      if (!this.book.isBlind && turned !== null) add("watch", "", MOST_FAIL, turned);
      if (this.book.isBlind && isOver) add("watch", "", null);
    }
    for (const [name, location] of this.#locations) {
      const isDown = this.book.isDown(name);
      const turned = isDown ? null : this.#turnedAt(location);
      if (turned !== null) add("location", name, `most checks fail at ${name} and not elsewhere: it seems to be offline`, turned);
      if (this.isOffline(name) && location.blindness.isOver) add("location", name, null);
    }
    return judged;
  }

  /** The location has an incident that does not end because it reports again. */
  isOffline(name: string): boolean {
    return this.#locations.has(name) && this.book.isDown(name) && !this.book.isSilent(name);
  }

  get #hasCanaries(): boolean {
    return this.book.plan.canaries.length > 0;
  }

  /** What others depend on counts once, and they do not. */
  #turnedAt({ blindness, alone }: Location): ReadonlyMap<string, number> | null {
    const { turned, needed } = blindness;
    const own = [...(turned ?? [])].filter(([key]) => this.#byKey.get(key)?.dependsOn.some((parent) => alone.has(parent)) === false);
    return own.length < needed ? null : new Map(own);
  }

  #isBelieved(at: number, { location, outcome }: Report): boolean {
    return outcome !== "error" || !(this.book.isDown(location) || at < this.book.judgedAt("location", location));
  }

  #wasFailing(key: string): boolean {
    return this.book.state(key).recent.endsWith("F");
  }

  #seen({ key, schedule }: WatchedCheck, at: number, { location: name, outcome }: Report, measured: readonly Report[]): void {
    const location = this.#locations.get(name);
    if (location === undefined) return;
    const { alone, blindness } = location;
    const others = measured.filter((each) => each.location !== name && this.#isBelieved(at, each));
    if (outcome === "error" && others.length === 0) return;
    // A check that fails elsewhere, too, fails by itself.
    if (outcome !== "error" || failingShare(others) >= 0.5) {
      alone.delete(key);
      blindness.fine(key);
      return;
    }
    blindness.failed(key, at, slotLength(at, schedule), alone.has(key) || this.#wasFailing(key));
    alone.add(key);
  }
}

function locationsOf(names: readonly string[], checks: number): ReadonlyMap<string, Location> {
  return new Map(names.map((name) => [name, { blindness: blindnessOf(checks), alone: new Set<string>() }]));
}

function blindnessOf(checks: number): Blindness {
  const usual = new Blindness(checks);
  return checks >= LEAST_OF_LOCATION && !Number.isFinite(usual.needed) ? new Blindness(checks, checks) : usual;
}
