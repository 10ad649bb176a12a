import type { IncidentEvent } from "../../schemas/incident-event.js";
import type { StoredCheck, StoredIncident } from "../history/history.js";
import type { HistoryClient } from "../history/history-client.js";
import { HistoryLost } from "../history/history-lost.js";
import type { OperationTime } from "../history/operation-times.js";
import type { Notification } from "../history/outbox.js";
import { eventOf, type Notice, notificationsOf } from "./notices.js";
import { pseudoCheck, type ReportedCheck, unplanned } from "./reported-check.js";
import { slotLength } from "./schedule/schedule.js";
import {
  applied,
  type Change,
  type CheckState,
  compareEpochs,
  FIRST_STATE,
  isNewer,
  kindOf,
  type Moment,
  type Outcome,
  upToNow,
  withoutLastFailures,
} from "./state.js";
import type { WatchedCheck, WatchPlan } from "./watch-plan.js";

export interface Result extends Moment {
  readonly outcome: Outcome;
  readonly durationMs: number | null;
  readonly reason: string | null;
  /** The queue side of the envelope as JSON, kept for what is not ok. */
  readonly output: string | null;
  /** Within maintenance: it failed. */
  readonly hasFailed?: boolean;
  /** Of an unknown one: it could not be run, and nothing else explains that. */
  readonly isUnexplained?: boolean;
  /** Of a location: it reports nothing. */
  readonly isSilent?: boolean;
  readonly operations?: readonly OperationTime[];
  /** The time for which it stands: since the result before it, at most a slot. */
  readonly weightMs?: number;
}

interface Kept {
  readonly id: number;
  state: CheckState;
  reason: string | null;
}

export interface BookOptions {
  /** Called with each change, after it is stored or could not be. */
  onChange(check: ReportedCheck, change: Change, reason: string | null): void;
  /** The history cannot be written: the watch continues, and these, with so many results, were not stored. */
  onTrouble(error: unknown, unsaved: readonly Notification[], results: number): void;
  /** A result was stored. */
  onStored?(): void;
  /** Where workers run the checks: the locations of the file by default. One without a name stands for all workers. */
  readonly places?: readonly string[];
}

/** The states of all checks, and the one place that changes them. A state changes at once; that it is stored takes the history a moment. */
export class Book {
  readonly #kept = new Map<string, Kept>();
  readonly #itself: ReportedCheck;
  /** By the key of the check that each is about. */
  readonly #objectives: ReadonlyMap<string, ReportedCheck>;
  readonly #locations: ReadonlyMap<string, ReportedCheck>;
  #epoch: string | undefined;

  /** Continues where the history ends. */
  static async open(plan: WatchPlan, history: HistoryClient, options: BookOptions, now: number): Promise<Book> {
    const book = new Book(plan, history, options);
    const named = [...plan.checks, ...plan.heartbeats].flatMap(({ key, nameKey }) => (nameKey === null ? [] : [{ key, nameKey }]));
    if (named.length > 0) await history.ask("rename", plan.suite, named);
    const all = book.#all().map(({ key, name }) => ({ key, name }));
    const stored = await history.ask("checks", plan.suite, all, JSON.stringify(FIRST_STATE));
    const known = new Set(all.map(({ key }) => key));
    for (const { id, key, state } of stored) if (known.has(key)) book.#kept.set(key, { id, state: JSON.parse(state) as CheckState, reason: null });
    for (const gone of stored) if (!known.has(gone.key)) await book.#remove(gone, now);
    book.#learnEpoch();
    return book;
  }

  private constructor(
    readonly plan: WatchPlan,
    readonly history: HistoryClient,
    readonly options: BookOptions,
  ) {
    this.#itself = pseudoCheck("watch", plan.suite, WATCH_ITSELF);
    this.#objectives = new Map(
      plan.checks.flatMap((check) => (check.objective === null ? [] : [[check.key, pseudoCheck("objective", plan.suite, `${check.name} objective`)]])),
    );
    this.#locations = new Map((options.places ?? plan.locations).map((place) => [place, pseudoCheck("location", plan.suite, nameOf(place))]));
  }

  state(key: string): CheckState {
    return this.#of(key).state;
  }

  /** The epoch of the results that are recorded now: with others, the place in their log at which the clock was set back the last time. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** False: it has begun already. */
  beginEpoch(epoch: string): boolean {
    if (compareEpochs(epoch, this.#epoch) <= 0) return false;
    this.#epoch = epoch;
    return true;
  }

  /** The moment of a check's newest result in this epoch; null: there is none yet. */
  lastAt(key: string): number | null {
    const { last_at: lastAt, epoch } = this.state(key);
    return compareEpochs(epoch, this.#epoch) < 0 ? null : lastAt;
  }

  /** Why the newest result is not ok; null if it is, or is from before a restart. */
  reason(key: string): string | null {
    return this.#of(key).reason;
  }

  /** This machine is offline, so failures say nothing. */
  get isBlind(): boolean {
    return this.state(this.#itself.key).incident !== null;
  }

  /** The watch itself has an incident, which is stored and sent like any other: one for all checks. A reason, or null when it is over. */
  blind(reason: string | null, now: number, epoch?: string): Promise<void> {
    return this.#judge(this.#itself, reason, now, epoch);
  }

  /** Failures since this moment turned out to be another's, and are unknown. An incident that was reported stays. */
  async takeBack({ key, schedule }: WatchedCheck, since: number): Promise<void> {
    const kept = this.#of(key);
    const state = withoutLastFailures(kept.state);
    if (state === kept.state) return;
    kept.state = state;
    await this.#stored(this.history.ask("takeBack", kept.id, JSON.stringify(state), since, slotLength(since, schedule)), [], 0);
  }

  /** Rejects when nothing can be stored any more: another process uses the history. */
  async record(check: ReportedCheck, result: Result, now: number): Promise<void> {
    const kept = this.#of(check.key);
    const before = kept.state;
    const { state, change } = applied(before, this.#epoch === undefined ? result : { epoch: this.#epoch, ...result }, check.rules);
    // One that is not newer than the last result was reported already, or comes too late: it is stored, and nothing else.
    const isNew = state !== before;
    const notifications = change === null ? [] : this.#notifications(check, change, state, result);
    const { at, outcome, durationMs, weightMs = 0, operations = [] } = result;
    const evidence = result.reason === null ? null : { reason: result.reason, output: result.output };
    const incident = storedIncident(before, state, change, result);
    kept.state = state;
    if (isNew) kept.reason = result.reason;
    const entry = { check: kept.id, at, outcome, durationMs, weightMs, evidence, operations, state: JSON.stringify(state), incident, notifications, isNew };
    await this.#stored(this.history.ask("add", entry, now), notifications, 1);
    if (change !== null) this.options.onChange(check, change, result.reason);
  }

  /** By key. */
  get states(): ReadonlyMap<string, CheckState> {
    return new Map([...this.#kept].map(([key, { state }]) => [key, state]));
  }

  /** States of the watch before this one, which a full disk may not have taken. */
  continueWith(states: ReadonlyMap<string, CheckState>): void {
    for (const [key, kept] of this.#kept) {
      const state = states.get(key);
      if ((state?.last_at ?? -1) > (kept.state.last_at ?? -1)) kept.state = state as CheckState;
    }
  }

  /** The clock was set back, or the history was written while it was wrong: results count again from now on. */
  clockIs(now: number): void {
    for (const kept of this.#kept.values()) kept.state = upToNow(kept.state, now);
  }

  /** Reports again what has been open for long. */
  async remind(now: number): Promise<void> {
    const due = this.#all().flatMap((check) => this.#reminders(check, now));
    if (due.length > 0) await this.history.ask("notify", due, now);
  }

  /** The incidents that are open now, as events. */
  openIncidents(now: number): IncidentEvent[] {
    return this.#all().flatMap((check) => {
      const { incident, outcome } = this.state(check.key);
      if (incident === null) return [];
      const transition = String(incident.transitions);
      const notice = {
        kind: kindOf(incident),
        incident: incident.number,
        transition,
        at: now,
        openedAt: incident.opened_at,
        isFlapping: incident.is_flapping,
      } as const;
      return [eventOf(this.plan.suite, check, { ...notice, outcome, reason: this.reason(check.key) })];
    });
  }

  /** Whether a check's error budget is spent too fast; a reason if it is. It has incidents of its own. */
  async burns({ key }: WatchedCheck, reason: string | null, now: number, epoch?: string): Promise<void> {
    const objective = this.#objectives.get(key);
    if (objective !== undefined && (reason !== null) !== (this.state(objective.key).incident !== null)) await this.#judge(objective, reason, now, epoch);
  }

  /** The check has an incident of its objective. */
  isBurning({ key }: WatchedCheck): boolean {
    const objective = this.#objectives.get(key);
    return objective !== undefined && this.state(objective.key).incident !== null;
  }

  /** A location that reports nothing, or is offline, has an incident of its own. A reason, or null when it is over. */
  async down(location: string, reason: string | null, { at, epoch, isSilent }: { at: number; epoch: string | undefined; isSilent: boolean }): Promise<void> {
    const check = this.#locations.get(location);
    if (check === undefined || (reason !== null) === (this.state(check.key).incident !== null)) return;
    await this.#judge(check, reason, at, epoch, isSilent);
  }

  /** When the newest incident of an objective, a location or the watch itself began or ended; -1: there was none in this epoch. */
  judgedAt(about: Judged, key: string): number {
    const judged = this.#judged(about, key);
    return judged === null ? -1 : (this.lastAt(judged.key) ?? -1);
  }

  /** Where that stands in the log that watches share; undefined: there was none. */
  judgedIn(about: Judged, key: string): string | undefined {
    const judged = this.#judged(about, key);
    return judged === null ? undefined : this.state(judged.key).epoch;
  }

  /** A location has an incident: it is silent, or offline. */
  isDown(location: string): boolean {
    const check = this.#locations.get(location);
    return check !== undefined && this.state(check.key).incident !== null;
  }

  /** … because it reports nothing. */
  isSilent(location: string): boolean {
    const check = this.#locations.get(location);
    return check !== undefined && this.state(check.key).incident?.is_silent === true;
  }

  /** The newest states by key, as another watch of the suite stored them: what this one missed is not reported again. */
  async adopt(states: ReadonlyMap<string, string>, now: number): Promise<void> {
    for (const { key } of this.#all()) {
      const stored = states.get(key);
      const kept = this.#of(key);
      const state = stored === undefined ? null : (JSON.parse(stored) as CheckState);
      if (stored === undefined || state?.last_at == null || !isNewer({ ...state, at: state.last_at }, kept.state)) continue;
      const { incident } = state;
      const open =
        incident === null ? null : { number: incident.number, openedAt: incident.opened_at, closedAt: null, isFlapping: incident.is_flapping, reason: null };
      kept.state = state;
      await this.history.ask("change", { check: kept.id, state: stored, incident: open, notifications: [] }, now);
    }
    this.#learnEpoch();
  }

  /** The key of every check that has a state, also of those that are in no file. */
  get keys(): readonly string[] {
    return this.#all().map(({ key }) => key);
  }

  id(key: string): number {
    return this.#of(key).id;
  }

  /** What no slot says. With others, each judgement begins an epoch of its own: at its place in their log. */
  #judge(check: ReportedCheck, reason: string | null, now: number, epoch?: string, isSilent = false): Promise<void> {
    const result = { outcome: reason === null ? "ok" : "error", durationMs: null, reason, output: null, weightMs: 0 } as const;
    const { last_at: lastAt, epoch: before } = this.state(check.key);
    const at = compareEpochs(epoch, before) > 0 ? now : Math.max(now, (lastAt ?? 0) + 1);
    // A watch that shares its log no longer continues in the epoch of the last judgement.
    const own = epoch ?? before;
    return this.record(check, { ...result, at, isSilent, ...(own === undefined ? {} : { epoch: own }) }, now);
  }

  /** The newest one of the states, so that a watch that starts continues in it. */
  #learnEpoch(): void {
    for (const { key } of this.plan.shown) {
      const { epoch } = this.state(key);
      if (epoch !== undefined) this.beginEpoch(epoch);
    }
  }

  /** While the history cannot be written, the watch continues without it. */
  async #stored(storing: Promise<unknown>, unsaved: readonly Notification[], results: number): Promise<void> {
    try {
      await storing;
      this.options.onStored?.();
    } catch (error) {
      if (error instanceof HistoryLost) throw error;
      this.options.onTrouble(error, unsaved, results);
    }
  }

  #reminders(check: ReportedCheck, now: number): Notification[] {
    const { incident, outcome } = this.state(check.key);
    if (incident === null) return [];
    return this.plan.receivers.flatMap((receiver) => {
      const count = receiver.remindMs === null ? 0 : Math.floor((now - incident.opened_at) / receiver.remindMs);
      if (count < 1 || !receiver.on.has(kindOf(incident))) return [];
      const base = { incident: incident.number, transition: `r${count}`, at: now, openedAt: incident.opened_at, isFlapping: incident.is_flapping };
      return notificationsOf(this.plan.suite, check, { ...base, kind: "reminder", outcome, reason: this.reason(check.key) }, [receiver]);
    });
  }

  #all(): readonly ReportedCheck[] {
    return [...this.plan.shown, this.#itself, ...this.#objectives.values(), ...this.#locations.values()];
  }

  #judged(about: Judged, key: string): ReportedCheck | null {
    return about === "watch" ? this.#itself : ((about === "location" ? this.#locations : this.#objectives).get(key) ?? null);
  }

  #of(key: string): Kept {
    return this.#kept.get(key) as Kept;
  }

  #notifications(check: ReportedCheck, change: Change, state: CheckState, { reason }: Result): Notification[] {
    const notice: Notice = {
      kind: change.kind,
      incident: change.incident,
      transition: String(change.transition),
      at: change.at,
      openedAt: change.opened_at,
      isFlapping: state.incident?.is_flapping ?? false,
      outcome: state.outcome,
      reason,
    };
    return notificationsOf(this.plan.suite, check, notice, this.plan.receivers);
  }

  /** A check that the file has no more: its incident ends with it. */
  async #remove({ id, key, name, state: stored }: StoredCheck, now: number): Promise<void> {
    const { incident, outcome } = JSON.parse(stored) as CheckState;
    if (incident !== null) {
      const base = {
        incident: incident.number,
        transition: String(incident.transitions + 1),
        at: now,
        openedAt: incident.opened_at,
        isFlapping: incident.is_flapping,
      };
      const notifications = notificationsOf(
        this.plan.suite,
        { key, name, planned: unplanned(name) },
        { ...base, kind: "removed", outcome, reason: null },
        this.plan.receivers,
      );
      const closed = { number: incident.number, openedAt: incident.opened_at, closedAt: now, isFlapping: incident.is_flapping, reason: null };
      await this.history.ask("change", { check: id, state: JSON.stringify(FIRST_STATE), incident: closed, notifications }, now);
    }
    await this.history.ask("forget", id);
  }
}

/** What has incidents without being run. */
type Judged = "objective" | "location" | "watch";

const WATCH_ITSELF = "the watch itself";

function nameOf(place: string): string {
  return place === "" ? "the workers" : `location ${place}`;
}

function storedIncident(before: CheckState, after: CheckState, change: Change | null, { reason }: Result): StoredIncident | null {
  if (change === null) return null;
  const incident = after.incident ?? before.incident;
  const closedAt = after.incident === null ? change.at : null;
  return { number: change.incident, openedAt: change.opened_at, closedAt, isFlapping: incident?.is_flapping ?? false, reason };
}
