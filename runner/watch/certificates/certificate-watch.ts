import { createHash } from "node:crypto";
import type { IncidentEvent } from "../../../schemas/incident-event.js";
import type { CertificateViewers, StoredCertificate } from "../../history/certificates.js";
import type { HistoryClient } from "../../history/history-client.js";
import { HistoryLost } from "../../history/history-lost.js";
import type { Notification } from "../../history/outbox.js";
import { eventOf, type Notice, notificationsOf } from "../notices.js";
import { type NamedCheck, unplanned } from "../reported-check.js";
import type { WatchedCheck, WatchPlan } from "../watch-plan.js";
import { expiryLevel } from "./expiry.js";
import type { SeenCertificate } from "./seen-certificates.js";

const DAY_MS = 86_400_000;

export interface CertificateWatchOptions {
  /** What was stored is in the outbox. */
  onChange(name: string, reason: string): void;
  onTrouble(error: unknown, unsaved: readonly Notification[]): void;
  /** Nothing can be stored any more. */
  onError(error: unknown): void;
}

type WatchedSuite = Pick<WatchPlan, "suite" | "checks" | "receivers" | "certificateWarnMs">;

interface Known {
  row: StoredCertificate;
  /** Names of the checks that saw it last. */
  readonly checks: Set<string>;
}

const UNCHANGED: CertificateViewers = { added: [], removed: [] };

/**
 * Warns before certificates expire: once for each fingerprint and time, however many checks see it. A certificate that no check sees any more was
 * replaced. While its host is down, the one that was seen last counts.
 */
export class CertificateWatch {
  readonly #known = new Map<string, Known>();
  /** Fingerprints by the name of the check. */
  readonly #seenBy = new Map<string, ReadonlySet<string>>();

  /** Continues with what is known of each certificate. */
  static async open(plan: WatchedSuite, history: HistoryClient, options: CertificateWatchOptions, now: number): Promise<CertificateWatch> {
    const certificates = new CertificateWatch(plan, history, options);
    const names = new Set(plan.checks.map(({ name }) => name));
    for (const { checks, ...row } of await history.ask("certificates", plan.suite)) {
      const known: Known = { row, checks: new Set(checks) };
      certificates.#known.set(row.fingerprint, known);
      for (const name of checks)
        if (names.has(name)) certificates.#seenBy.set(name, new Set(certificates.#seenBy.get(name)).add(row.fingerprint));
        else certificates.#unseen(known, name, now, "removed");
    }
    return certificates;
  }

  private constructor(
    readonly plan: WatchedSuite,
    readonly history: HistoryClient,
    readonly options: CertificateWatchOptions,
  ) {}

  /** The certificates that a run saw; a run without any says nothing. */
  seen({ name }: Pick<WatchedCheck, "name">, certificates: readonly SeenCertificate[], now: number): void {
    if (certificates.length === 0) return;
    const before = this.#seenBy.get(name) ?? new Set<string>();
    const after = new Set(certificates.map(({ fingerprint }) => fingerprint));
    if (before.size === after.size && [...after].every((fingerprint) => before.has(fingerprint))) return;
    this.#seenBy.set(name, after);
    for (const certificate of certificates) if (!before.has(certificate.fingerprint)) this.#seenFirst(certificate, name, now);
    for (const fingerprint of before) if (!after.has(fingerprint)) this.#unseen(this.#known.get(fingerprint) as Known, name, now, "recovered");
    for (const fingerprint of after) this.#warn(this.#known.get(fingerprint) as Known, now);
  }

  /** Warns of what is due. */
  look(now: number): void {
    for (const known of this.#known.values()) this.#warn(known, now);
  }

  /** The warnings that are open, as events. */
  openIncidents(now: number): IncidentEvent[] {
    const open = [...this.#known.values()].filter(({ row, checks }) => row.warned_level > 0 && row.is_over === 0 && checks.size > 0);
    return open.map((known) => eventOf(this.plan.suite, certificateCheck(this.plan.suite, known.row), noticeOf(known, "error", now)));
  }

  /** For metrics: those that are in use. */
  get inUse(): readonly StoredCertificate[] {
    return [...this.#known.values()].filter(({ checks }) => checks.size > 0).map(({ row }) => row);
  }

  #seenFirst({ fingerprint, subject, notBefore, notAfter }: SeenCertificate, name: string, now: number): void {
    const row = { fingerprint, subject, not_before: notBefore, not_after: notAfter, warned_level: 0, is_over: 0 };
    const known = this.#known.get(fingerprint) ?? { row, checks: new Set() };
    this.#known.set(fingerprint, known);
    known.checks.add(name);
    this.#set(known, known.row, { added: [name], removed: [] }, null, now);
  }

  #unseen(known: Known, name: string, now: number, ending: "recovered" | "removed"): void {
    known.checks.delete(name);
    const { row, checks } = known;
    const ends = checks.size === 0 && row.warned_level > 0 && row.is_over === 0;
    this.#set(known, ends ? { ...row, is_over: 1 } : row, { added: [], removed: [name] }, ends ? ending : null, now);
  }

  #warn(known: Known, now: number): void {
    const { row, checks } = known;
    if (checks.size === 0 || row.is_over !== 0) return;
    const level = expiryLevel({ notBefore: row.not_before, notAfter: row.not_after }, this.plan.certificateWarnMs, now);
    if (level > row.warned_level) this.#set(known, { ...row, warned_level: level }, UNCHANGED, "error", now);
  }

  #set(known: Known, row: StoredCertificate, viewers: CertificateViewers, kind: Notice["kind"] | null, now: number): void {
    known.row = row;
    if (kind === null) {
      void this.#store(row, viewers, [], now);
      return;
    }
    const check = certificateCheck(this.plan.suite, row);
    const notice = noticeOf(known, kind, now);
    const notifications = notificationsOf(this.plan.suite, check, notice, this.plan.receivers);
    void this.#store(row, viewers, notifications, now).then(() => this.options.onChange(check.name, `${notice.kind}: ${notice.reason ?? "it was replaced"}`));
  }

  async #store(row: StoredCertificate, viewers: CertificateViewers, notifications: readonly Notification[], now: number): Promise<void> {
    try {
      await this.history.ask("setCertificate", this.plan.suite, row, viewers, notifications, now);
    } catch (error) {
      if (error instanceof HistoryLost) this.options.onError(error);
      else this.options.onTrouble(error, notifications);
    }
  }
}

function certificateCheck(suite: string, { fingerprint, subject }: StoredCertificate): NamedCheck {
  const key = createHash("sha256")
    .update(JSON.stringify(["certificate", suite, fingerprint]))
    .digest("hex")
    .slice(0, 16);
  const name = `certificate ${subject} ${fingerprint.slice(0, 12)}`;
  return { key, name, planned: unplanned(name) };
}

function noticeOf({ row: { warned_level: level, not_after: end }, checks }: Known, kind: Notice["kind"], now: number): Notice {
  const days = Math.floor((end - now) / DAY_MS);
  const when = days < 0 ? `expired on ${dayOf(end)}` : `expires in ${days} days, on ${dayOf(end)}`;
  const isOver = kind !== "error";
  return {
    kind,
    incident: 1,
    isOnly: true,
    transition: isOver ? "end" : String(level),
    at: now,
    openedAt: now,
    isFlapping: false,
    outcome: isOver ? "ok" : "warning",
    reason: isOver ? null : `${when}; seen by ${shortList(checks)}`,
  };
}

function shortList(checks: ReadonlySet<string>): string {
  const names = [...checks];
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}

function dayOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}
