import { dirname } from "node:path";
import { type Driver, openDriver, type Statement } from "../../sqlite/driver.js";
import { makePrivateFolders } from "../../support/private-file.js";
import type { Answer } from "./answer.js";

/** Answers that several processes have in common. */
export interface SharedCache {
  get(key: string): { answer: Answer; expiresAt: number } | null;
  /** `expiresAt` in milliseconds since 1970: the one clock that processes share. */
  set(key: string, answer: Answer, expiresAt: number): void;
}

/** How long another process may keep the file busy before we do without it: the question can always be asked again. */
const BUSY_MS = 50;
/** How many are written before the expired ones are taken out. */
const SWEEP_EVERY = 500;
/** 2: with what denies a record, and extended errors. */
const FORMAT = 2;

/**
 * A SQLite file of answers. It is a cache: what cannot be read or written is as if it were not there, and a file that a crash
 * of the machine lost is filled again, so nothing waits for the disk.
 */
export class SqliteSharedCache implements SharedCache {
  readonly #driver: Driver;
  readonly #get: Statement;
  readonly #set: Statement;
  readonly #sweep: Statement;
  readonly #now: () => number;
  #written = 0;

  constructor(path: string, now: () => number = Date.now) {
    makePrivateFolders(dirname(path));
    this.#driver = openDriver(path);
    this.#driver.exec(`PRAGMA busy_timeout = ${BUSY_MS * 100}`);
    this.#driver.exec("PRAGMA journal_mode = WAL");
    this.#driver.exec("PRAGMA synchronous = OFF");
    this.#driver.exec(
      `CREATE TABLE IF NOT EXISTS dns_answers_${FORMAT} (key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID`,
    );
    this.#driver.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    this.#now = now;
    this.#get = this.#driver.prepare(`SELECT expires_at, answer FROM dns_answers_${FORMAT} WHERE key = ? AND expires_at > ?`);
    this.#set = this.#driver.prepare(
      `INSERT INTO dns_answers_${FORMAT} (key, expires_at, answer) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, answer = excluded.answer`,
    );
    this.#sweep = this.#driver.prepare(`DELETE FROM dns_answers_${FORMAT} WHERE expires_at <= ?`);
  }

  get(key: string): { answer: Answer; expiresAt: number } | null {
    return orNull(() => {
      const [row] = this.#get.all(key, this.#now()) as { expires_at: number; answer: string }[];
      return row === undefined ? null : { answer: JSON.parse(row.answer, reviveBytes) as Answer, expiresAt: row.expires_at };
    });
  }

  set(key: string, answer: Answer, expiresAt: number): void {
    orNull(() => {
      this.#set.run(key, Math.floor(expiresAt), JSON.stringify(answer));
      this.#written += 1;
      if (this.#written % SWEEP_EVERY === 1) this.#sweep.run(this.#now());
    });
  }

  close(): void {
    this.#driver.close();
  }
}

function orNull<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null;
  }
}

/** A Buffer's own JSON form, read back: TXT and TLSA records hold bytes. */
function reviveBytes(_key: string, value: unknown): unknown {
  const bytes = value as { type?: unknown; data?: unknown } | null;
  return bytes !== null && typeof bytes === "object" && bytes.type === "Buffer" && Array.isArray(bytes.data) ? Buffer.from(bytes.data as number[]) : value;
}
