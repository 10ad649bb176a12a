import { setTimeout as sleep } from "node:timers/promises";
import { HistoryLost } from "../../history/history-lost.js";
import { compareIds, type SharedLog } from "../../queue/shared-log.js";
import type { Book } from "../book.js";
import { decode, type Entry } from "./entries.js";

const READ_EVERY_MS = 200;
const READ_AT_ONCE = 500;
const RETRY_MS = 1000;

export interface LogFollowerOptions {
  readonly log: SharedLog;
  readonly signal: AbortSignal;
  /** One that is read again after a restart was perhaps applied before. `before` is the id before it. */
  apply(entry: Entry, place: { readonly id: string; readonly at: number }, before: string): void;
  /** After which entry a reader must begin to know all that is not recorded yet; null: everything is. */
  oldest(): string | null;
  /** Resolves when all that was applied is stored. */
  stored(): Promise<void>;
  /** After each part, and again and again while nothing new comes. */
  passed(isAtEnd: boolean): Promise<void>;
  onTrouble(error: unknown): void;
}

/** Follows the log that watches of a suite share, from where this history ends, and notes how far it has read. */
export class LogFollower {
  #position: string | null = null;
  #readAt = Date.now();

  constructor(
    readonly book: Book,
    readonly options: LogFollowerOptions,
  ) {}

  /** When the log was read last. */
  get readAt(): number {
    return this.#readAt;
  }

  /** Ends with the signal; rejects when nothing can be stored any more. */
  async run(): Promise<void> {
    const { signal, onTrouble } = this.options;
    let hasBegun = false;
    while (!signal.aborted) {
      try {
        if (!hasBegun) await this.#begin();
        hasBegun = true;
        const isAtEnd = await this.#readPart();
        await this.options.passed(isAtEnd);
        if (isAtEnd) await this.#pause(READ_EVERY_MS);
      } catch (error) {
        if (error instanceof HistoryLost) throw error;
        onTrouble(error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  /** If the log has forgotten the place where the history ends, the newest states are taken over first. */
  async #begin(): Promise<void> {
    const { log } = this.options;
    const { history, plan } = this.book;
    this.#position = await history.ask("logPosition", plan.suite);
    const { keptSince, newest } = await log.read(null, 1);
    // A log that is older than what was read of it is another one.
    if (this.#position !== null && compareIds(keptSince, this.#position) <= 0 && compareIds(this.#position, newest) <= 0) return;
    await this.book.adopt(await log.states(), Date.now());
    this.#position = null;
  }

  /** True: there is no more at the moment. */
  async #readPart(): Promise<boolean> {
    const { entries, newest, keptSince } = await this.options.log.read(this.#position, READ_AT_ONCE);
    this.#readAt = Date.now();
    const isFirst = this.#position === null;
    this.#position ??= entries.length > 0 ? keptSince : newest;
    for (const { id, at, text } of entries) {
      const entry = decode(text);
      if (entry !== null) this.options.apply(entry, { id, at }, this.#position);
      this.#position = id;
    }
    if (entries.length > 0 || isFirst) await this.#save(this.#position);
    return entries.length < READ_AT_ONCE;
  }

  async #save(position: string): Promise<void> {
    const { history, plan } = this.book;
    await this.options.stored();
    await history.ask("setLogPosition", plan.suite, this.options.oldest() ?? position).catch((error: unknown) => {
      if (error instanceof HistoryLost) throw error;
    });
  }

  #pause(ms: number): Promise<unknown> {
    return sleep(ms, undefined, { signal: this.options.signal }).catch(() => undefined);
  }
}
