import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Driver, openDriver } from "../../sqlite/driver.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { SUPPRESSION_TABLE, SuppressionList } from "./suppression.js";
import { WARM_UP_TABLE, WarmUp } from "./warm-up.js";

/** Beside the queue's own file. */
export const DEFAULT_LEDGER = ".probe-run/delivery.db";

const BUSY_MS = 5000;

/**
 * What a delivery service must not forget: to whom it may not send, and how much each of its addresses has sent. A SQLite file that
 * processes share. It is no cache: what cannot be stored is an error, for mail to whoever asked for none is worse than no mail.
 */
export class Ledger {
  readonly suppressed: SuppressionList;
  readonly warmUp: WarmUp;
  readonly #driver: Driver;

  constructor(path: string, now: () => number = Date.now) {
    if (path !== IN_MEMORY) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#driver = openDriver(path);
    this.#driver.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SUPPRESSION_TABLE}; ${WARM_UP_TABLE}`);
    this.suppressed = new SuppressionList(this.#driver, now);
    this.warmUp = new WarmUp(this.#driver, now);
  }

  close(): void {
    this.#driver.close();
  }
}

/** PROBE_RUN_DELIVERY names the file. */
export function ledgerFile(env: Readonly<Record<string, string | undefined>>): string {
  return env.PROBE_RUN_DELIVERY || DEFAULT_LEDGER;
}
