import { closeSync, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";

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
  #isDoubtful = false;

  constructor(
    /** The write-ahead log, which lasts as long as a connection is open. */
    readonly path: string,
    /** Copies the log into the file of the database, and makes that durable. Throws if it cannot. */
    readonly checkpoint: () => void,
  ) {}

  /** Resolves when everything that was committed before the call is on the disk. Calls that wait for the same one share the next. */
  sync(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  /** Waits for all calls so far. */
  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => undefined);
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  async #after(earlier: Promise<void> | null): Promise<void> {
    await earlier?.catch(() => undefined);
    // What is committed from here on needs another one.
    this.#running = this.#next;
    this.#next = null;
    const began = performance.now();
    await this.#toDisk();
    this.tookMs = performance.now() - began;
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
