import { compareIds } from "../../queue/shared-log.js";
import type { Book, Result } from "../book.js";
import type { SeenCertificate } from "../certificates/seen-certificates.js";
import type { HeartbeatReport } from "../heartbeats/due-report.js";
import { isFine, operationTimes, weightOf } from "../judge.js";
import { MaintenanceClock } from "../schedule/maintenance.js";
import { slotLength } from "../schedule/schedule.js";
import { type CheckState, compareEpochs, type Moment, type Outcome } from "../state.js";
import type { WatchedCheck } from "../watch-plan.js";
import { Causes } from "./causes.js";
import type { Cause, Entry, Judged, Place, Report, Slot } from "./entries.js";
import { type HeldSlot, HeldSlots } from "./held-slots.js";
import { MOST_FAIL, OfflineWorkers } from "./offline-workers.js";
import { OpenSlots, type ReportedSlot } from "./open-slots.js";
import { agreed, failingShare } from "./quorum.js";

/** The log's clock is believed, unless it is further ahead than this: slots are counted by the watches' clocks. */
const MOST_AHEAD_MS = 1000;

export interface ConclusionsOptions {
  readonly locations: readonly string[];
  /** A slot has begun, perhaps by another watch. */
  onBegun(check: WatchedCheck, at: number): void;
  /** A location has reported something, or that a check could not be run. */
  onHeard(report: Report): void;
  /** The incident of a location has begun or ended. */
  onLocation(location: string): void;
  /** The clock was set back: what is known of slots and times before cannot be compared with what comes. */
  onEpoch(): void;
  /** A slot was recorded. */
  onRecorded(check: WatchedCheck, result: Result, reports: readonly Report[]): void;
  onCertificates(check: WatchedCheck, certificates: readonly SeenCertificate[]): void;
  /** Resolves when it is stored. */
  onHeartbeat(report: HeartbeatReport): Promise<void>;
  /** Runs a check at once, for a slot that begins at this moment or later. Returns when it begins. */
  ask(check: WatchedCheck, at: number): number;
}

/** What follows from the entries of the log, in their order: results, states and incidents in the book. All watches of a suite reach the same ones. */
export class Conclusions {
  readonly results: Record<Outcome, number> = { ok: 0, warning: 0, error: 0, unknown: 0, suppressed: 0, maintenance: 0 };
  readonly #checks: ReadonlyMap<string, WatchedCheck>;
  #open: OpenSlots;
  #held = new HeldSlots();
  readonly #causes: Causes;
  readonly #offline: OfflineWorkers;
  readonly #maintenance: MaintenanceClock;
  readonly #changed = new Set<string>();
  /** What is on its way into the history. */
  readonly #storing: Promise<void>[] = [];
  /** The entry that is applied now. */
  #place: Place = { id: null, at: 0 };

  constructor(
    readonly book: Book,
    readonly options: ConclusionsOptions,
  ) {
    const { plan } = book;
    this.#checks = new Map(plan.checks.map((check) => [check.key, check]));
    this.#open = this.#openSlots();
    const state = (key: string): CheckState => ({ ...book.state(key), last_at: book.lastAt(key) });
    this.#causes = new Causes(plan, { state, isBlind: () => book.isBlind, ask: (check, at) => options.ask(check, at) });
    this.#offline = new OfflineWorkers(book, options.locations);
    this.#maintenance = new MaintenanceClock(plan.maintenance);
  }

  /** After which entry a reader must begin to know all that is not recorded yet; null: everything is. */
  get oldest(): string | null {
    const places = [this.#open.oldest, this.#held.oldest].filter((place) => place !== null);
    return places.sort(compareIds)[0] ?? null;
  }

  /** The newest slot of a check that has ended in this epoch; -1 for none. */
  endedAt(key: string): number {
    return Math.max(this.book.lastAt(key) ?? -1, this.#held.newestAt(key));
  }

  /** The newest slot of all checks. */
  get newestAt(): number {
    let newest = -1;
    for (const key of this.#checks.keys()) newest = Math.max(newest, this.endedAt(key));
    return newest;
  }

  /** `before` is the place before the entry. One that was applied before a restart changes nothing. */
  apply(entry: Entry, place: Place & { readonly id: string }, before: string): void {
    this.#place = place;
    const check = this.#checks.get(entry.key);
    if (entry.kind === "judged") this.#applyJudged(entry, place.id);
    else if (entry.kind === "clock") this.#begin(place.id);
    else if (!this.#isOfNow(entry)) return;
    else if (entry.kind === "heartbeat") this.#applyHeartbeat(entry);
    else if (check !== undefined) this.#applyOfCheck(check, entry, before);
  }

  #applyOfCheck(check: WatchedCheck, entry: Extract<Entry, { kind: "report" | "over" | "cause" }>, before: string): void {
    if (entry.kind === "report" && !this.options.locations.includes(entry.location)) return;
    if (entry.kind === "report") this.options.onHeard(entry);
    if (entry.kind === "cause") this.#applyCause(entry);
    // What comes after its slot has ended changes nothing: what was reported stays.
    else if (entry.at > this.endedAt(entry.key)) this.#applyToSlot(check, entry, before);
  }

  /** A slot of now. */
  slot(key: string, at: number): Slot {
    const { epoch } = this.book;
    return epoch === undefined ? { key, at } : { key, at, epoch };
  }

  /** A location that reports again is no longer silent, but it may be offline. */
  isOffline(location: string): boolean {
    return this.#offline.isOffline(location);
  }

  /** What follows from many entries together, for the log. It may say it already, so all of it must have been read. */
  decisions(): Entry[] {
    return [...this.#causesOfHeld(), ...this.#offline.judgements(this.#place)];
  }

  /** Whose the failures are that wait for it, as far as it is known now. */
  #causesOfHeld(): Entry[] {
    // The newest first: what is asked for it answers for the others, too.
    const first = this.#held.first.filter(({ needsCause }) => needsCause).sort((a, b) => b.at - a.at);
    return first.flatMap((slot) => {
      const cause = this.#causes.of(this.#checks.get(slot.key) as WatchedCheck, slot);
      return cause === null ? [] : [{ kind: "cause", ...this.slot(slot.key, slot.at), ...cause } as const];
    });
  }

  /** Resolves when the history has all that was applied, with the states that changed since the last time that `save` resolved. */
  async stored(save: (states: ReadonlyMap<string, CheckState>) => Promise<void>): Promise<void> {
    await Promise.all(this.#storing.splice(0));
    await save(new Map([...this.#changed].map((key) => [key, this.book.state(key)])));
    this.#changed.clear();
  }

  #applyToSlot(check: WatchedCheck, entry: Extract<Entry, { kind: "report" | "over" }>, before: string): void {
    if (entry.kind === "over") {
      for (const slot of this.#open.over(before, entry.key, entry.at)) this.#end(check, slot);
      return;
    }
    if (entry.certificates.length > 0) this.options.onCertificates(check, entry.certificates);
    this.options.onBegun(check, entry.at);
    for (const slot of this.#open.report(before, entry.key, entry.at, entry)) this.#end(check, slot);
  }

  /** False: it is of a time before the clock was set back. A watch that has not read that yet may read of slots after it. */
  #isOfNow({ epoch }: Moment): boolean {
    if (epoch !== undefined) this.#begin(epoch);
    return compareEpochs(epoch, this.book.epoch) === 0;
  }

  #begin(epoch: string): void {
    if (!this.book.beginEpoch(epoch)) return;
    this.#open = this.#openSlots();
    this.#held = new HeldSlots();
    this.#causes.forget();
    this.#offline.forget();
    this.options.onEpoch();
  }

  /** A location that is silent is not waited for: alerts would come later by the deadline of a run. */
  #openSlots(): OpenSlots {
    return new OpenSlots(this.options.locations, (location) => !this.book.isSilent(location));
  }

  /** It counts from its place in the log: one that is read again is known by that. */
  #applyJudged(judged: Judged, id: string): void {
    const { about, key, reason, turned, after } = judged;
    const { at } = this.#place;
    if (about === "location") this.options.onLocation(key);
    const newest = this.book.judgedIn(about, key);
    // Another watch may have concluded the same from the same entries, and later than the first one.
    if (compareEpochs(id, newest) <= 0 || (after !== undefined && compareEpochs(after, newest) < 0)) return;
    for (const [failing, since] of turned ?? []) this.#takeBack(failing, since);
    const check = this.#checks.get(key);
    if (about === "watch") this.#setBlind(reason);
    else if (about === "location") this.#setDown(judged, turned === undefined);
    else if (check !== undefined) this.#storing.push(this.book.burns(check, reason, at, id));
    this.#changedOthers();
  }

  #setDown({ key, reason }: Judged, isSilent: boolean): void {
    this.#storing.push(this.book.down(key, reason, { at: this.#place.at, epoch: this.#place.id ?? undefined, isSilent }));
    for (const slot of this.#open.complete()) this.#end(this.#checks.get(slot.key) as WatchedCheck, slot);
  }

  /** Before the judgement itself is stored: after a restart, what was stored already changes nothing. */
  #takeBack(key: string, since: number): void {
    const check = this.#checks.get(key);
    if (check === undefined) return;
    this.#storing.push(this.book.takeBack(check, since));
    this.#changed.add(key);
  }

  #applyHeartbeat(report: HeartbeatReport): void {
    this.#storing.push(this.options.onHeartbeat(report));
    this.#changedOthers();
  }

  /** States of what is no check of the file. */
  #changedOthers(): void {
    for (const each of this.book.keys) if (!this.#checks.has(each)) this.#changed.add(each);
  }

  /** A failure that others may have caused is held until the log says whose it is. */
  #end(check: WatchedCheck, slot: ReportedSlot): void {
    const { key, at, reports } = slot;
    const believed = this.#offline.believed(at, reports);
    const found = agreed(believed, this.options.locations, this.book.plan.quorum);
    const isMaintained = this.#maintenance.has(check.planned.tags, at);
    const knownAt = Math.max(at, Math.min(this.#place.at, Date.now() + MOST_AHEAD_MS));
    this.#causes.ended(key, { at, knownAt }, found.outcome);
    const needsCause = found.outcome === "error" && this.#causes.mayHave(check) && !isMaintained;
    this.#held.add({ ...slot, found, isByMost: failingShare(believed) > 0.5, knownAt, needsCause });
    if (!isMaintained) this.#offline.ended(check, at, reports);
    this.#release(key, null);
  }

  #applyCause({ key, at, outcome, why }: Extract<Entry, { kind: "cause" }>): void {
    const slot = this.#held.firstOf(key);
    // Another watch was faster, or it is read again.
    if (slot === null || slot.at !== at || !slot.needsCause) return;
    if (outcome === "unknown" && !this.#seesSince(at)) this.#setBlind(why);
    slot.needsCause = false;
    this.#release(key, { outcome, why });
  }

  /** Records what nothing holds any more. The cause is that of the first one. */
  #release(key: string, cause: Cause | null): void {
    let own = cause;
    for (let slot = this.#held.take(key); slot !== null; slot = this.#held.take(key)) {
      this.#record(slot, own);
      own = null;
    }
  }

  #record(slot: HeldSlot, cause: Cause | null): void {
    const { key, at, reports, found } = slot;
    const check = this.#checks.get(key) as WatchedCheck;
    const weightMs = weightOf(slotLength(at, check.schedule), at, this.book.lastAt(key));
    const isMaintained = this.#maintenance.has(check.planned.tags, at);
    const { outcome, why } = isMaintained ? { outcome: "maintenance" as const, why: null } : this.#meaning(check, slot, cause);
    const reason = why === null ? found.reason : `${why}; ${found.reason}`;
    const operations = reports.flatMap(({ run }) => (run === null ? [] : operationTimes(run.operations)));
    const result: Result = {
      ...found,
      at,
      weightMs,
      operations,
      outcome,
      reason,
      ...(isMaintained ? { hasFailed: found.outcome === "error" } : { isUnexplained: this.#isUnexplained(found) }),
    };
    if (isFine(outcome) && this.book.plan.canaries.includes(key)) this.#setBlind(null);
    this.#storing.push(this.book.record(check, result, Date.now()));
    this.#changed.add(key);
    this.results[outcome] += 1;
    this.options.onRecorded(check, result, reports);
  }

  /** Nothing is known, and there is no incident of the watch or of a location that says why. */
  #isUnexplained({ outcome }: HeldSlot["found"]): boolean {
    return outcome === "unknown" && !this.book.isBlind && !this.options.locations.some((location) => this.book.isDown(location));
  }

  /** What a slot says of its check. */
  #meaning(check: WatchedCheck, { at, found, isByMost }: HeldSlot, cause: Cause | null): { readonly outcome: Outcome; readonly why: string | null } {
    const { outcome, why } = cause ?? { outcome: found.outcome, why: null };
    if (isFine(outcome)) this.#offline.fine(check);
    return outcome === "error" && this.#offline.failed(check, at, isByMost) ? { outcome: "unknown", why: MOST_FAIL } : { outcome, why };
  }

  #setBlind(reason: string | null): void {
    if ((reason !== null) === this.book.isBlind) return;
    this.#storing.push(this.book.blind(reason, this.#place.at, this.#place.id ?? undefined));
    this.#changedOthers();
  }

  /** A canary was fine since then. */
  #seesSince(at: number): boolean {
    return this.book.plan.canaries.some((key) => {
      return (this.book.lastAt(key) ?? -1) >= at && isFine(this.book.state(key).outcome);
    });
  }
}
