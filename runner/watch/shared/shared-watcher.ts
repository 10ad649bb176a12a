import { setTimeout as sleep } from "node:timers/promises";
import { HistoryLost } from "../../history/history-lost.js";
import type { Queue } from "../../queue/queue.js";
import { compareIds, type SharedLog } from "../../queue/shared-log.js";
import type { Book, Result } from "../book.js";
import type { SeenCertificate } from "../certificates/seen-certificates.js";
import { DueHeap } from "../due-heap.js";
import { weightOf } from "../judge.js";
import { MaintenanceClock } from "../schedule/maintenance.js";
import { nextStart, slotLength } from "../schedule/schedule.js";
import type { Outcome } from "../state.js";
import type { WatchedCheck } from "../watch-plan.js";
import type { Unfinished, WatcherCounts, Watching } from "../watcher.js";
import { collect } from "./collector.js";
import { collectDead } from "./dead-jobs.js";
import { decode, type Entry, encode } from "./entries.js";
import { OpenSlots, type ReportedSlot } from "./open-slots.js";
import { agreed } from "./quorum.js";
import { Silence } from "./silence.js";
import type { SlotJobs } from "./slot-jobs.js";
import { SlotStarter } from "./slot-starter.js";

const READ_EVERY_MS = 200;
const READ_AT_ONCE = 500;
const RETRY_MS = 1000;
/** A location is silent when it misses three slots of the check that runs most often, and for ten seconds at least. */
const SILENT_SLOTS = 3;
const LEAST_SILENT_MS = 10_000;

export interface SharedWatcherOptions {
  readonly log: SharedLog;
  /** By location. */
  readonly queues: ReadonlyMap<string, Queue>;
  readonly jobs: ReadonlyMap<string, SlotJobs>;
  onResult(check: WatchedCheck, result: Result): void;
  onCertificates(check: WatchedCheck, certificates: readonly SeenCertificate[]): void;
  onTrouble(error: unknown): void;
  onError(error: unknown): void;
}

/**
 * Watches by a queue, together with any number of others. Each puts jobs into the queues, takes results into the log, and reads the log into a
 * history of its own. What follows from a result depends on the log alone, so all of them find the same incidents, with the same ids.
 */
export class SharedWatcher implements Watching {
  readonly #checks: ReadonlyMap<string, WatchedCheck>;
  readonly #locations: readonly string[];
  readonly #open: OpenSlots;
  readonly #silence: Silence;
  readonly #maintenance: MaintenanceClock;
  readonly #starter: SlotStarter;
  readonly #awaited = new DueHeap<{ readonly key: string; readonly at: number }>();
  readonly #stopping = new AbortController();
  readonly #results: Record<Outcome, number> = { ok: 0, warning: 0, error: 0, unknown: 0, suppressed: 0, maintenance: 0 };
  readonly #changed = new Set<string>();
  /** What is on its way into the history. */
  readonly #storing: Promise<void>[] = [];
  #loops: Promise<unknown> = Promise.resolve();
  #position: string | null = null;

  constructor(
    readonly book: Book,
    readonly options: SharedWatcherOptions,
  ) {
    const { checks, maintenance } = book.plan;
    this.#checks = new Map(checks.map((check) => [check.key, check]));
    this.#locations = [...options.queues.keys()];
    this.#open = new OpenSlots(this.#locations.length);
    const shortestMs = Math.min(...checks.map(({ schedule }) => slotLength(Date.now(), schedule)));
    this.#silence = new Silence(this.#locations, Math.max(LEAST_SILENT_MS, SILENT_SLOTS * shortestMs));
    this.#maintenance = new MaintenanceClock(maintenance);
    const { queues, jobs, onTrouble } = options;
    this.#starter = new SlotStarter(checks, { queues, jobs, onTrouble, onStarted: (check, at) => this.#await(check, at) });
  }

  get counts(): WatcherCounts {
    const { missed, lastSlotAt, lateness } = this.#starter;
    return { results: this.#results, missed, running: 0, lastSlotAt, lateness };
  }

  start(): void {
    const { log, onTrouble, queues } = this.options;
    const options = { checks: this.#checks, log, signal: this.#stopping.signal, onTrouble };
    const loops = [...queues].flatMap(([location, queue]) => [() => collect(location, queue, options), () => collectDead(location, queue, options)]);
    this.#loops = Promise.all([this.#read(), ...loops.map((loop) => this.#again(loop))]);
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
  judge(about: "objective" | "location", key: string, reason: string | null, at: number): Promise<void> {
    return this.options.log.append([encode({ kind: "judged", about, key, at, reason })]);
  }

  /** Reading continues where the history ends. If the log has forgotten that place, the newest states are taken over first. */
  async #begin(): Promise<void> {
    const { log } = this.options;
    const { history, plan } = this.book;
    this.#position = await history.ask("logPosition", plan.suite);
    const { keptSince } = await log.read(null, 1);
    if (this.#position !== null && compareIds(keptSince, this.#position) <= 0) return;
    await this.book.adopt(await log.states(), Date.now());
    this.#position = null;
  }

  async #read(): Promise<void> {
    let hasBegun = false;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!hasBegun) await this.#begin();
        hasBegun = true;
        const { entries, now, keptSince } = await this.options.log.read(this.#position, READ_AT_ONCE);
        const isFirst = this.#position === null;
        this.#position ??= entries.length > 0 ? keptSince : now;
        for (const { id, text } of entries) this.#apply(decode(text), id);
        if (entries.length > 0 || isFirst) await this.#save();
        await this.#endOverdue();
        if (entries.length < READ_AT_ONCE) await this.#pause(READ_EVERY_MS);
      } catch (error) {
        if (error instanceof HistoryLost) throw error;
        this.options.onTrouble(error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  /** A loop that ends with an error of the queue begins again. */
  async #again(loop: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await loop().catch((error: unknown) => this.options.onTrouble(error));
      if (!this.#stopping.signal.aborted) await this.#pause(RETRY_MS);
    }
  }

  #apply(entry: Entry | null, id: string): void {
    const before = this.#position ?? "0-0";
    this.#position = id;
    if (entry?.kind === "judged") this.#applyJudged(entry, Number(id.split("-")[0]));
    else if (entry !== null) this.#applyToSlot(entry, before);
  }

  #applyToSlot(entry: Exclude<Entry, { kind: "judged" }>, before: string): void {
    const check = this.#checks.get(entry.key);
    // What comes after its slot has ended changes nothing: what was reported stays.
    if (check === undefined || entry.at <= (this.book.state(entry.key).last_at ?? -1)) return;
    if (entry.kind === "over") {
      for (const slot of this.#open.over(entry.key, entry.at)) this.#record(slot);
      return;
    }
    if (!this.#locations.includes(entry.location)) return;
    if (entry.certificates.length > 0) this.options.onCertificates(check, entry.certificates);
    this.#await(check, entry.at);
    for (const slot of this.#open.report(before, entry.key, entry.at, entry)) this.#record(slot);
  }

  /** It counts from when the log got it, which grows from entry to entry: one that is read again is known by that. */
  #applyJudged({ about, key, reason }: Extract<Entry, { kind: "judged" }>, at: number): void {
    if (at <= this.book.judgedAt(about, key)) return;
    const check = this.#checks.get(key);
    if (about === "location") this.#storing.push(this.book.silent(key, reason, at));
    else if (check !== undefined) this.#storing.push(this.book.burns(check, reason, at));
    for (const each of this.book.keys) if (!this.#checks.has(each)) this.#changed.add(each);
  }

  #record({ key, at, reports }: ReportedSlot): void {
    const check = this.#checks.get(key) as WatchedCheck;
    const found = agreed(reports, this.#locations, this.book.plan.quorum);
    const weightMs = weightOf(slotLength(at, check.schedule), at, this.book.state(key).last_at);
    const isMaintained = this.#maintenance.has(check.planned.tags, at);
    const result: Result = { ...found, at, weightMs, ...(isMaintained ? { outcome: "maintenance", hasFailed: found.outcome === "error" } : {}) };
    this.#storing.push(this.book.record(check, result, Date.now()));
    this.#changed.add(key);
    this.#results[result.outcome] += 1;
    this.options.onResult(check, result);
    this.#confirm(check, result);
    this.#listen(at, reports);
  }

  #confirm(check: WatchedCheck, { at, outcome }: Result): void {
    if (check.confirmAfterMs === null || outcome !== "error" || this.book.state(check.key).incident !== null) return;
    const again = at + check.confirmAfterMs;
    if (again < nextStart(at, check.schedule)) this.#starter.startExtra(check, again);
  }

  #listen(at: number, reports: ReportedSlot["reports"]): void {
    if (this.book.plan.locations.length === 0) return;
    for (const [location, isSilent] of this.#silence.ended(at, new Set(reports.map((report) => report.location)))) {
      if (isSilent === this.book.isSilent(location)) continue;
      const reason = isSilent ? `no worker reports from ${location}` : null;
      this.judge("location", location, reason, at).catch((error: unknown) => this.options.onTrouble(error));
    }
  }

  #await({ key, schedule }: WatchedCheck, at: number): void {
    const deadlineMs = this.options.jobs.get(key)?.deadlineMs ?? 0;
    this.#awaited.add(at + slotLength(at, schedule) + deadlineMs, { key, at });
  }

  /** Slots whose workers had until now: they end with what was reported. */
  async #endOverdue(): Promise<void> {
    const over: string[] = [];
    for (let due = this.#awaited.take(Date.now()); due !== null; due = this.#awaited.take(Date.now())) {
      const { key, at } = due.item;
      if (this.#checks.has(key) && at > (this.book.state(key).last_at ?? -1)) over.push(encode({ kind: "over", key, at }));
    }
    if (over.length > 0) await this.options.log.append(over);
  }

  async #save(): Promise<void> {
    const { history, plan } = this.book;
    await Promise.all(this.#storing.splice(0));
    await history.ask("setLogPosition", plan.suite, this.#open.oldest ?? (this.#position as string)).catch((error: unknown) => {
      if (error instanceof HistoryLost) throw error;
    });
    const states = [...this.#changed].map((key) => ({ key, state: this.book.state(key) })).filter(({ state }) => state.last_at !== null);
    await this.options.log.saveStates(states.map(({ key, state }) => ({ name: key, at: state.last_at as number, value: JSON.stringify(state) })));
    this.#changed.clear();
  }

  #pause(ms: number): Promise<unknown> {
    return sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
