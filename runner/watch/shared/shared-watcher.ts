import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "../../queue/queue.js";
import type { NewestState, SharedLog } from "../../queue/shared-log.js";
import type { Book, Result } from "../book.js";
import type { SeenCertificate } from "../certificates/seen-certificates.js";
import type { HeartbeatReport } from "../heartbeats/due-report.js";
import { latestStart, nextStart, slotLength } from "../schedule/schedule.js";
import type { CheckState } from "../state.js";
import type { WatchedCheck } from "../watch-plan.js";
import type { Unfinished, WatcherCounts, Watching } from "../watcher.js";
import { ClockSteps } from "./clock-steps.js";
import { collect } from "./collector.js";
import { Conclusions } from "./conclusions.js";
import { collectDead } from "./dead-jobs.js";
import { type Entry, encode, type Report } from "./entries.js";
import { LogFollower } from "./log-follower.js";
import { Overdue } from "./overdue.js";
import { Silence } from "./silence.js";
import { SilentLocations } from "./silent-locations.js";
import type { SlotJobs } from "./slot-jobs.js";
import { SlotStarter } from "./slot-starter.js";

const RETRY_MS = 1000;
const MINUTE_MS = 60_000;
/** A location is silent when it misses three slots of the check that runs most often, and for ten seconds at least. */
const SILENT_SLOTS = 3;
const LEAST_SILENT_MS = 10_000;
/** How long the run that may explain a failure is waited for, beside its deadline. */
const MOST_ASKED_MS = 15_000;
/** The name for all locations together. */
const ANYWHERE = "";
/** Watches that notice at the same time that the clock was set back begin one epoch. */
const CLOCK_HOLD_MS = 5000;

export interface SharedWatcherOptions {
  readonly log: SharedLog;
  /** By location. */
  readonly queues: ReadonlyMap<string, Queue>;
  readonly jobs: ReadonlyMap<string, SlotJobs>;
  onResult(check: WatchedCheck, result: Result): void;
  onReport(check: WatchedCheck, report: Report, at: number): void;
  onCertificates(check: WatchedCheck, certificates: readonly SeenCertificate[]): void;
  onHeartbeat(report: HeartbeatReport): Promise<void>;
  onTrouble(error: unknown): void;
  onError(error: unknown): void;
}

/**
 * Watches by a queue, together with any number of others. Each puts jobs into the queues, takes results into the log, and reads the log into a
 * history of its own. What follows from a result depends on the log alone, so all of them find the same incidents, with the same ids.
 */
export class SharedWatcher implements Watching {
  readonly #checks: ReadonlyMap<string, WatchedCheck>;
  readonly #conclusions: Conclusions;
  /** Of reports that measured something, of all locations together. */
  readonly #measured: Silence;
  readonly #silent: SilentLocations;
  readonly #starter: SlotStarter;
  readonly #clock: ClockSteps;
  readonly #overdue = new Overdue();
  readonly #follower: LogFollower;
  readonly #stopping = new AbortController();
  /** Checks that may have slots to make up for. */
  readonly #slept = new Set<WatchedCheck>();
  readonly #id = randomUUID();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(
    readonly book: Book,
    readonly options: SharedWatcherOptions,
  ) {
    const { checks } = book.plan;
    const { queues, jobs, log, onTrouble, onCertificates, onHeartbeat } = options;
    const locations = [...queues.keys()];
    this.#checks = new Map(checks.map((check) => [check.key, check]));
    const silentMs = Math.max(LEAST_SILENT_MS, SILENT_SLOTS * Math.min(...checks.map(({ schedule }) => slotLength(Date.now(), schedule))));
    const deadlineMs = Math.max(0, ...[...jobs.values()].map((each) => each.deadlineMs));
    this.#measured = new Silence([ANYWHERE], silentMs + deadlineMs);
    const isOffline = (location: string): boolean => this.#conclusions.isOffline(location);
    this.#silent = new SilentLocations(book, { queues, forMs: silentMs, deadlineMs, isOffline });
    for (const check of checks) if (check.catchesUp) this.#slept.add(check);
    this.#conclusions = new Conclusions(book, {
      locations,
      onCertificates,
      onHeartbeat,
      onBegun: (check, at) => this.#await(check, at),
      onHeard: (report) => this.#heard(report),
      onLocation: (location) => this.#silent.judged(location),
      onEpoch: () => this.#overdue.clear(),
      onRecorded: (check, result, reports) => this.#recorded(check, result, reports),
      ask: (check, at) => this.#ask(check, at),
    });
    const onStarted = (check: WatchedCheck, at: number): void => this.#await(check, at);
    this.#clock = new ClockSteps(silentMs);
    this.#starter = new SlotStarter(checks, {
      queues,
      jobs,
      onTrouble,
      onStarted,
      epoch: () => book.epoch,
      onSetBack: () => this.#clock.setBack(),
      onSlept: (check) => this.#slept.add(check),
    });
    this.#follower = new LogFollower(book, {
      log,
      signal: this.#stopping.signal,
      onTrouble,
      apply: (entry, place, before) => this.#conclusions.apply(entry, place, before),
      oldest: () => this.#conclusions.oldest,
      stored: () => this.#conclusions.stored((states) => this.#saveStates(states)),
      passed: (isAtEnd) => this.#passed(isAtEnd),
    });
  }

  get counts(): WatcherCounts {
    const { missed, lastSlotAt, lateness } = this.#starter;
    return { results: this.#conclusions.results, missed, running: 0, lastSlotAt, lateness };
  }

  /** Slots begin, the log can be read, and workers run the checks. */
  isAlive(now: number): boolean {
    return this.#starter.isAlive(now) && now - this.#follower.readAt < MINUTE_MS && this.#measured.silent(performance.now()).size === 0;
  }

  start(): void {
    const { log, onTrouble, queues } = this.options;
    const options = { checks: this.#checks, log, signal: this.#stopping.signal, onTrouble };
    const loops = [...queues].flatMap(([location, queue]) => [() => collect(location, queue, options), () => collectDead(location, queue, options)]);
    this.#loops = Promise.all([this.#follower.run(), ...loops.map((loop) => this.#again(loop))]);
    this.#loops.catch((error: unknown) => this.options.onError(error));
    this.#starter.start();
  }

  async stop(): Promise<Unfinished[]> {
    this.#starter.stop();
    this.#stopping.abort();
    await this.#loops.catch(() => undefined);
    return [];
  }

  /** What this watch alone can see is appended, so that the others draw the same conclusion at the same place. */
  judgeObjective(key: string, reason: string | null, at: number): Promise<void> {
    return this.options.log.append([encode({ kind: "judged", about: "objective", key, at, reason })]);
  }

  /** A loop that ends with an error of the queue begins again. */
  async #again(loop: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await loop().catch((error: unknown) => this.options.onTrouble(error));
      if (!signal.aborted) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #recorded(check: WatchedCheck, result: Result, reports: readonly Report[]): void {
    for (const report of reports) this.options.onReport(check, report, result.at);
    this.options.onResult(check, result);
    this.#confirm(check, result);
  }

  #confirm(check: WatchedCheck, { at, outcome }: Result): void {
    if (check.confirmAfterMs === null || outcome !== "error" || this.book.state(check.key).incident !== null) return;
    const again = at + check.confirmAfterMs;
    if (again < nextStart(at, check.schedule)) this.#starter.startExtra(check, again);
  }

  #heard({ location, outcome }: Report): void {
    if (outcome !== "unknown") this.#measured.heard(ANYWHERE);
    this.#silent.heard(location);
  }

  #await(check: WatchedCheck, at: number): void {
    this.#measured.begun(performance.now());
    this.#silent.begun();
    this.#overdue.add(check.key, at, at + slotLength(at, check.schedule) + this.#deadlineMs(check));
  }

  /** Another check's failure may be this one's. If its slot of that moment is over already, the run is of now. */
  #ask(check: WatchedCheck, at: number): number {
    const now = Date.now();
    const lengthMs = slotLength(at, check.schedule);
    const begunAt = now < at + lengthMs ? at : now;
    this.#overdue.add(check.key, begunAt, now + Math.min(lengthMs, MOST_ASKED_MS) + this.#deadlineMs(check));
    this.#starter.startNow(check, begunAt);
    return begunAt;
  }

  #deadlineMs({ key }: WatchedCheck): number {
    return this.options.jobs.get(key)?.deadlineMs ?? 0;
  }

  async #passed(isAtEnd: boolean): Promise<void> {
    // Workers had until now: these slots end with what was reported.
    const over = this.#overdue.take(Date.now()).filter(({ key, at }) => this.#checks.has(key) && at > this.#conclusions.endedAt(key));
    try {
      const ended = over.map(({ key, at }) => ({ kind: "over", ...this.#conclusions.slot(key, at) }) as const);
      const entries: Entry[] = isAtEnd ? [...ended, ...(await this.#atEnd(Date.now()))] : ended;
      if (entries.length > 0) await this.options.log.append(entries.map(encode));
    } catch (error) {
      for (const { key, at, until } of over) this.#overdue.add(key, at, until);
      throw error;
    }
    if (isAtEnd) this.#catchUp(Date.now());
  }

  /** What is concluded once the whole log is read. */
  async #atEnd(now: number): Promise<Entry[]> {
    return [...this.#conclusions.decisions(), ...(await this.#silent.judgements(now)), ...(await this.#clockEntries(now))];
  }

  /** The clock was set back, or that of another watch which has ended was ahead. One of the watches says so. */
  async #clockEntries(now: number): Promise<Entry[]> {
    if (!this.#clock.isBehind(() => this.#conclusions.newestAt, now)) return [];
    const isOurs = await this.options.log.hold("clock", this.#id, CLOCK_HOLD_MS);
    return isOurs ? [{ kind: "clock", key: "", at: now }] : [];
  }

  /** Once the whole log is read: another watch may have run what this one slept through. */
  #catchUp(now: number): void {
    for (const check of this.#slept) {
      const lastAt = this.book.lastAt(check.key);
      const at = latestStart(now, check.schedule);
      if (lastAt !== null && at !== null && lastAt < at) this.#starter.startNow(check, at);
    }
    this.#slept.clear();
  }

  #saveStates(states: ReadonlyMap<string, CheckState>): Promise<void> {
    const all = [...states].flatMap(([name, state]) => (state.last_at === null ? [] : [placed(name, state, state.last_at)]));
    return this.options.log.saveStates(all);
  }
}

function placed(name: string, state: CheckState, at: number): NewestState {
  return { name, epoch: state.epoch ?? null, at, value: JSON.stringify(state) };
}
