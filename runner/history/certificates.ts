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
}

/** Names of the checks that see a certificate, or no longer do. */
export interface CertificateViewers {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

const SET = `INSERT INTO certificates (suite, fingerprint, subject, not_before, not_after, warned_level, is_over) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (suite, fingerprint) DO UPDATE SET warned_level = excluded.warned_level, is_over = excluded.is_over`;
// A row for each check: a certificate that ten thousand checks see is not written anew with all their names.
const ADD = "INSERT OR IGNORE INTO certificate_checks (suite, fingerprint, name) VALUES (?, ?, ?)";
const REMOVE = "DELETE FROM certificate_checks WHERE suite = ? AND fingerprint = ? AND name = ?";
const ALL = "SELECT fingerprint, subject, not_before, not_after, warned_level, is_over FROM certificates WHERE suite = ?";
const ALL_CHECKS = "SELECT fingerprint, name FROM certificate_checks WHERE suite = ?";

/** Each certificate with the names of the checks that saw it last. */
export function certificatesOf({ driver }: History, suite: string): (StoredCertificate & { readonly checks: readonly string[] })[] {
  const checks = new Map<string, string[]>();
  for (const { fingerprint, name } of prepared(driver, ALL_CHECKS).all(suite) as { fingerprint: string; name: string }[]) {
    const names = checks.get(fingerprint);
    if (names === undefined) checks.set(fingerprint, [name]);
    else names.push(name);
  }
  return (prepared(driver, ALL).all(suite) as StoredCertificate[]).map((row) => ({ ...row, checks: checks.get(row.fingerprint) ?? [] }));
}

/** What is known now, who sees it, and what is sent about it. */
export function setCertificate(
  history: History,
  suite: string,
  certificate: StoredCertificate,
  { added, removed }: CertificateViewers,
  notifications: readonly Notification[],
  now: number,
): void {
  const { fingerprint, subject, not_before, not_after, warned_level, is_over } = certificate;
  history.together(() => {
    prepared(history.driver, SET).run(suite, fingerprint, subject, not_before, not_after, warned_level, is_over);
    for (const name of added) prepared(history.driver, ADD).run(suite, fingerprint, name);
    for (const name of removed) prepared(history.driver, REMOVE).run(suite, fingerprint, name);
    history.outbox.add(notifications, now);
  });
}
