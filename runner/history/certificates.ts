import type { History } from "./history.js";
import type { Notification } from "./outbox.js";
import { prepared } from "./prepared.js";

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

const ALL = "SELECT fingerprint, subject, not_before, not_after, warned_level, is_over, checks FROM certificates WHERE suite = ?";

export function certificatesOf({ driver }: History, suite: string): StoredCertificate[] {
  const rows = prepared(driver, ALL).all(suite) as (Omit<StoredCertificate, "checks"> & { checks: string })[];
  return rows.map((row) => ({ ...row, checks: JSON.parse(row.checks) as string[] }));
}

/** What is known now, and what is sent about it. */
export function setCertificate(history: History, suite: string, certificate: StoredCertificate, notifications: readonly Notification[], now: number): void {
  const { fingerprint, subject, not_before, not_after, warned_level, is_over, checks } = certificate;
  history.together(() => {
    prepared(history.driver, SET).run(suite, fingerprint, subject, not_before, not_after, warned_level, is_over, JSON.stringify(checks));
    history.outbox.add(notifications, now);
  });
}
