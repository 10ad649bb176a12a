import type { Driver, Statement } from "../sqlite/driver.js";
import { inTransaction } from "../sqlite/transaction.js";
import type { History, Notification } from "./history.js";

/** What is known of a certificate: it stays while its host is down, and after it was replaced, so that nothing is reported twice. */
export interface StoredCertificate {
  readonly fingerprint: string;
  readonly subject: string;
  readonly not_before: number;
  readonly not_after: number;
  /** How many warnings were sent. */
  readonly warned_level: number;
  /** Its end was reported, or it was replaced: nothing more is sent about it. */
  readonly is_over: number;
  /** Names of the checks that saw it last. */
  readonly checks: readonly string[];
}

const SET = `INSERT INTO certificates (suite, fingerprint, subject, not_before, not_after, warned_level, is_over, checks) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (suite, fingerprint) DO UPDATE SET warned_level = excluded.warned_level, is_over = excluded.is_over, checks = excluded.checks`;

/** The certificates of a suite. */
export class CertificateStore {
  readonly #set: Statement;
  readonly #driver: Driver;

  constructor(
    readonly history: History,
    readonly suite: string,
  ) {
    this.#driver = history.driver;
    this.#set = this.#driver.prepare(SET);
  }

  all(): StoredCertificate[] {
    const rows = this.#driver
      .prepare("SELECT fingerprint, subject, not_before, not_after, warned_level, is_over, checks FROM certificates WHERE suite = ?")
      .all(this.suite);
    return (rows as (Omit<StoredCertificate, "checks"> & { checks: string })[]).map((row) => ({ ...row, checks: JSON.parse(row.checks) as string[] }));
  }

  /** What is known now, and what is sent about it. */
  set(certificate: StoredCertificate, notifications: readonly Notification[], now: number): void {
    const { fingerprint, subject, not_before, not_after, warned_level, is_over, checks } = certificate;
    inTransaction(this.#driver, () => {
      this.#set.run(this.suite, fingerprint, subject, not_before, not_after, warned_level, is_over, JSON.stringify(checks));
      this.history.notify(notifications, now);
    });
  }
}
