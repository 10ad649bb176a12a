import { createHash } from "node:crypto";
import type { Book, Result } from "../book.js";
import { weightOf } from "../judge.js";
import { MaintenanceClock } from "../schedule/maintenance.js";
import { awaitedAfterPause, dueReport, type HeartbeatReport } from "./due-report.js";
import type { HeartbeatCheck } from "./heartbeat-check.js";

/** What a request says. */
export interface HeartbeatRequest {
  readonly outcome: "ok" | "error";
  readonly reason: string | null;
}

export type HeartbeatAnswer = "taken" | "unknown token" | "too many";

export interface HeartbeatsOptions {
  /** Records a report by `apply`, here and in every other watch of the suite. Resolves when it is stored. */
  submit(report: HeartbeatReport): Promise<void>;
  onError(error: unknown): void;
}

const LOOK_EVERY_MS = 1000;
/** The machine slept, or its clock was set, if so much time has passed between two looks, or so little. */
const MOST_PAUSE_MS = 30_000;
const STEP_MS = 2000;
/** Requests of one job that are recorded. */
const MOST_A_MINUTE = 60;
const MINUTE_MS = 60_000;
/** The same request within this time is the same one, tried again. */
const SAME_MS = 1000;

/** Jobs that report themselves by requesting a URL. What is late or missing is a result, as what they report is. */
export class Heartbeats {
  readonly #checks: ReadonlyMap<string, HeartbeatCheck>;
  readonly #maintenance: MaintenanceClock;
  /** From when the next request of each is awaited; null: it has never come, so nothing is. */
  readonly #awaitedFrom = new Map<string, number | null>();
  readonly #counted = new Map<string, { readonly since: number; count: number; last: { readonly at: number; readonly said: string } }>();
  /** Reports that are on their way. */
  readonly #submitted = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #lookedAt: number;

  constructor(
    readonly book: Book,
    /** The key of each by the digest of its token. */
    readonly tokens: ReadonlyMap<string, string>,
    readonly options: HeartbeatsOptions,
    now: number,
  ) {
    const { heartbeats, maintenance } = book.plan;
    this.#checks = new Map(heartbeats.map((check) => [check.key, check]));
    this.#maintenance = new MaintenanceClock(maintenance);
    this.#lookedAt = now;
    for (const check of heartbeats) this.#awaitedFrom.set(check.key, awaitedAfterPause(check, book.state(check.key), now));
  }

  start(): void {
    if (this.#checks.size > 0) this.#timer = setInterval(() => this.look(Date.now()), LOOK_EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** A request with this token. Resolves when it is stored. */
  async received(token: string, { outcome, reason }: HeartbeatRequest, now: number): Promise<HeartbeatAnswer> {
    const key = this.tokens.get(digestOf(token));
    if (key === undefined) return "unknown token";
    const counted = this.#countedOf(key, now);
    const said = `${outcome} ${reason}`;
    if (counted.last.said === said && now - counted.last.at < SAME_MS && now >= counted.last.at) return "taken";
    if (counted.count >= MOST_A_MINUTE) return "too many";
    counted.count += 1;
    counted.last = { at: now, said };
    const at = Math.max(now, (this.book.lastAt(key) ?? 0) + 1);
    await this.options.submit({ key, at, outcome, reason, awaitedFrom: at });
    return "taken";
  }

  /** Reports what is late or missing. */
  look(now: number): void {
    const hasPaused = now - this.#lookedAt > MOST_PAUSE_MS || now < this.#lookedAt - STEP_MS;
    this.#lookedAt = now;
    for (const check of this.#checks.values()) {
      const { key } = check;
      const state = this.book.state(key);
      if (hasPaused) this.#awaitedFrom.set(key, awaitedAfterPause(check, state, now));
      const from = this.#awaitedFrom.get(key) ?? null;
      const report = from === null ? null : dueReport(check, from, state, this.book.isBlind, now);
      if (report !== null && this.#submitted.get(key) !== report.at) this.#submit(report);
    }
  }

  /** Records a report; nothing if a newer one was recorded. */
  async apply({ key, at, outcome, reason, awaitedFrom }: HeartbeatReport): Promise<void> {
    const check = this.#checks.get(key);
    const lastAt = check === undefined ? null : this.book.lastAt(key);
    if (check === undefined || at <= (lastAt ?? -1)) return;
    if (awaitedFrom !== null) this.#awaitedFrom.set(key, awaitedFrom);
    const result: Result = { at, outcome, durationMs: null, reason, output: null, weightMs: weightOf(check.everyMs, at, lastAt) };
    const isMaintained = this.#maintenance.has(check.tags, at);
    await this.book.record(check, isMaintained ? { ...result, outcome: "maintenance", hasFailed: outcome === "error" } : result, Date.now());
  }

  #submit(report: HeartbeatReport): void {
    this.#submitted.set(report.key, report.at);
    this.options.submit(report).catch((error: unknown) => {
      this.#submitted.delete(report.key);
      this.options.onError(error);
    });
  }

  #countedOf(key: string, now: number) {
    const known = this.#counted.get(key);
    if (known !== undefined && now >= known.since && now - known.since < MINUTE_MS) return known;
    const counted = { since: now, count: 0, last: known?.last ?? { at: Number.NEGATIVE_INFINITY, said: "" } };
    this.#counted.set(key, counted);
    return counted;
  }
}

/** Tokens are found by their digests, so the time that it takes says nothing of them. */
export function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
