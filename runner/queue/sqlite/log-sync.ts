import { closeSync, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";
import { SYNC_EVERY_MS } from "../timing.js";

const toDisk = promisify(fdatasync);

/**
 * Waits for the disk in another thread. SQLite would wait in this one at each commit, and hold back every probe of the process and, by its lock, every
 * other process. Instead it commits without waiting (synchronous = NORMAL, which leaves the log in order), and the log is made durable here: a commit
 * is as safe as with FULL once sync() has resolved.
 */
export class LogSync {
  /** How long the last one took. */
  tookMs = 0;
  #file: number | null = null;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  /** Ends the next one's wait for others; null while it does not wait. */
  #endWait: (() => void) | null = null;
  #isImmediate = false;
  #began = Number.NEGATIVE_INFINITY;
  #isDoubtful = false;

  constructor(
    /** The write-ahead log, which lasts as long as a connection is open. */
    readonly path: string,
    /** Copies the log into the file of the database, and makes that durable. Throws if it cannot. */
    readonly checkpoint: () => void,
  ) {}

  /**
   * Resolves when everything that was committed before the call is on the disk. Calls that wait for the same one share the next. A grouped one waits
   * until SYNC_EVERY_MS after the last one, unless an immediate one comes: a sync takes as much processor time as the commit of a small batch.
   */
  sync(when: "grouped" | "immediate"): Promise<void> {
    this.#next ??= this.#after(this.#running);
    if (when === "immediate") this.#startNow();
    return this.#next;
  }

  /** Waits for all calls so far. */
  async close(): Promise<void> {
    this.#startNow();
    await (this.#next ?? this.#running)?.catch(() => undefined);
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  async #after(earlier: Promise<void> | null): Promise<void> {
    await earlier?.catch(() => undefined);
    const leftMs = this.#began + SYNC_EVERY_MS - performance.now();
    if (!this.#isImmediate && leftMs > 0) await this.#others(leftMs);
    // What is committed from here on needs another one.
    this.#running = this.#next;
    this.#next = null;
    this.#isImmediate = false;
    this.#began = performance.now();
    await this.#toDisk();
    this.tookMs = performance.now() - this.#began;
  }

  /** The next one, if there is one, waits for no others. */
  #startNow(): void {
    this.#isImmediate = this.#next !== null;
    this.#endWait?.();
  }

  #others(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#endWait = null;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#endWait = end;
    });
  }

  async #toDisk(): Promise<void> {
    try {
      this.#file ??= openSync(this.path, "r+");
      await toDisk(this.#file);
      if (!this.#isDoubtful) return;
    } catch {
      this.#isDoubtful = true;
    }
    // After an error the system may have dropped what it could not write, and report success the next time: then only the database file counts.
    this.checkpoint();
    this.#isDoubtful = false;
  }
}
