import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Driver, openDriver } from "../../sqlite/driver.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { makePrivateFolders } from "../../support/private-file.js";
import { SUPPRESSION_TABLE, SuppressionList } from "./suppression.js";
import { WARM_UP_TABLE, WarmUp } from "./warm-up.js";

/** In the same folder as the default queue. */
export const DEFAULT_LEDGER = ".probe-run/delivery.db";

const BUSY_MS = 5000;

/**
 * What a delivery service must not forget: the suppression list, and how much each source address has sent. Stored in a SQLite file that processes
 * share. It is not a cache: a failed write is an error, and a missing file is never taken for an empty list.
 */
export class Ledger {
  readonly suppressed: SuppressionList;
  readonly warmUp: WarmUp;
  readonly #driver: Driver;

  /** Opens an existing ledger. Throws for any other file. */
  static open(path: string, now: () => number = Date.now): Ledger {
    if (!existsSync(path)) throw new Error(`there is no delivery ledger at ${path}: correct the path, or make one with "probe-run suppress init"`);
    return new Ledger(path, now);
  }

  /** Opens a ledger, and creates it if there is none. Throws for a file of another kind. */
  static create(path: string, now: () => number = Date.now): Ledger {
    if (path !== IN_MEMORY && isFile(path)) return new Ledger(path, now);
    if (path !== IN_MEMORY) makePrivateFolders(dirname(path));
    return new Ledger(path, now, true);
  }

  private constructor(path: string, now: () => number, isNew = false) {
    this.#driver = openDriver(path);
    try {
      this.#driver.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      if (!isNew && !this.#isLedger()) throw new Error(`${path} is not a delivery ledger`);
      this.#driver.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SUPPRESSION_TABLE}; ${WARM_UP_TABLE}`);
    } catch (error) {
      this.#driver.close();
      throw error;
    }
    this.suppressed = new SuppressionList(this.#driver, now);
    this.warmUp = new WarmUp(this.#driver, now);
  }

  close(): void {
    this.#driver.close();
  }

  #isLedger(): boolean {
    return this.#driver.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'suppressed_1'").all().length > 0;
  }
}

/** An empty file contains no data of another program. */
function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).size > 0;
}

/** PROBE_RUN_DELIVERY names the file. */
export function ledgerFile(env: Readonly<Record<string, string | undefined>>): string {
  return env.PROBE_RUN_DELIVERY || DEFAULT_LEDGER;
}
