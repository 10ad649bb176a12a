import { type Driver, openDriver } from "../../sqlite/driver.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { foreignFile } from "../../support/private-file.js";
import { HistoryLost } from "../history-lost.js";

/** A watch that is being stopped may have the file for a moment. */
const BUSY_MS = 3000;

/**
 * Reserves a history for this process, by a transaction in an empty file beside it: the system ends it with the process, however that is killed. A
 * second watch would write the same results, and end the first one. Null: the file system has no locks, or no space for the file.
 */
export function lockHistory(path: string): Driver | null {
  const beside = `${path}-lock`;
  if (path === IN_MEMORY || foreignFile(beside) !== null) return null;
  let lock: Driver | null = null;
  try {
    lock = openDriver(beside);
    lock.exec(`PRAGMA busy_timeout = ${BUSY_MS}; BEGIN EXCLUSIVE`);
    return lock;
  } catch (error) {
    lock?.close();
    if (!(error as Error).message.includes("locked")) return null;
    throw new HistoryLost(`another watch uses the history ${path}: end it, or give another file in --history`);
  }
}
