import { createHash } from "node:crypto";
import type { IncidentEvent } from "../../../schemas/incident-event.js";
import type { StoredCertificate } from "../../history/certificates.js";
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

/**
 * Warns before certificates expire: once for each fingerprint and time, however many checks see it. A certificate that no check sees any more was
 * replaced. While its host is down, the one that was seen last counts.
 */
export class CertificateWatch {
  readonly #known = new Map<string, StoredCertificate>();
  readonly #seenBy = new Map<string, string>();

  /** Continues with what is known of each certificate. */
  static async open(plan: WatchedSuite, history: HistoryClient, options: CertificateWatchOptions, now: number): Promise<CertificateWatch> {
    const certificates = new CertificateWatch(plan, history, options);
    const names = new Set(plan.checks.map(({ name }) => name));
    for (const row of await history.ask("certificates", plan.suite)) {
      certificates.#known.set(row.fingerprint, row);
      certificates.#setChecks(
        row,
        row.checks.filter((name) => names.has(name)),
        now,
        "removed",
      );
    }
    return certificates;
  }

  private constructor(
    readonly plan: WatchedSuite,
    readonly history: HistoryClient,
    readonly options: CertificateWatchOptions,
  ) {}

  /** The certificates that a run saw; a run without any says nothing. */
  seen({ key, name }: Pick<WatchedCheck, "key" | "name">, certificates: readonly SeenCertificate[], now: number): void {
    if (certificates.length === 0) return;
    const fingerprints = certificates.map(({ fingerprint }) => fingerprint);
    const all = fingerprints.join();
    if (this.#seenBy.get(key) === all) return;
    this.#seenBy.set(key, all);
    for (const { fingerprint, subject, notBefore, notAfter } of certificates) {
      const row = this.#known.get(fingerprint) ?? { fingerprint, subject, not_before: notBefore, not_after: notAfter, warned_level: 0, is_over: 0, checks: [] };
      if (!row.checks.includes(name)) this.#set({ ...row, checks: [...row.checks, name] }, null, now);
    }
    for (const row of this.#known.values())
      if (row.checks.includes(name) && !fingerprints.includes(row.fingerprint))
        this.#setChecks(
          row,
          row.checks.filter((each) => each !== name),
          now,
          "recovered",
        );
    this.look(now);
  }

  /** Warns of what is due. */
  look(now: number): void {
    for (const row of this.#known.values()) {
      if (row.checks.length === 0 || row.is_over !== 0) continue;
      const level = expiryLevel({ notBefore: row.not_before, notAfter: row.not_after }, this.plan.certificateWarnMs, now);
      if (level > row.warned_level) this.#set({ ...row, warned_level: level }, "error", now);
    }
  }

  /** The warnings that are open, as events. */
  openIncidents(now: number): IncidentEvent[] {
    const open = [...this.#known.values()].filter(({ warned_level: level, is_over: isOver, checks }) => level > 0 && isOver === 0 && checks.length > 0);
    return open.map((row) => eventOf(this.plan.suite, certificateCheck(this.plan.suite, row), noticeOf(row, "error", now)));
  }

  /** For metrics: those that are in use. */
  get inUse(): readonly StoredCertificate[] {
    return [...this.#known.values()].filter(({ checks }) => checks.length > 0);
  }

  #setChecks(row: StoredCertificate, checks: readonly string[], now: number, ending: "recovered" | "removed"): void {
    if (checks.length === row.checks.length) return;
    const ends = checks.length === 0 && row.warned_level > 0 && row.is_over === 0;
    this.#set({ ...row, checks, is_over: ends ? 1 : row.is_over }, ends ? ending : null, now);
  }

  #set(row: StoredCertificate, kind: Notice["kind"] | null, now: number): void {
    this.#known.set(row.fingerprint, row);
    const check = certificateCheck(this.plan.suite, row);
    const notice = kind === null ? null : noticeOf(row, kind, now);
    const notifications = notice === null ? [] : notificationsOf(this.plan.suite, check, notice, this.plan.receivers);
    const reported = notice === null ? null : `${notice.kind}: ${notice.reason ?? "it was replaced"}`;
    void this.#store(row, notifications, now).then(() => reported !== null && this.options.onChange(check.name, reported));
  }

  async #store(row: StoredCertificate, notifications: readonly Notification[], now: number): Promise<void> {
    try {
      await this.history.ask("setCertificate", this.plan.suite, row, notifications, now);
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

function noticeOf({ warned_level: level, not_after: end, checks }: StoredCertificate, kind: Notice["kind"], now: number): Notice {
  const days = Math.floor((end - now) / DAY_MS);
  const when = days < 0 ? `expired on ${dayOf(end)}` : `expires in ${days} days, on ${dayOf(end)}`;
  const isOver = kind !== "error";
  return {
    kind,
    incident: 1,
    transition: isOver ? "end" : String(level),
    at: now,
    openedAt: now,
    isFlapping: false,
    outcome: isOver ? "ok" : "warning",
    reason: isOver ? null : `${when}; seen by ${shortList(checks)}`,
  };
}

function shortList(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}

function dayOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}
