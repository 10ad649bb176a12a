import type { OperationTime } from "../history/operation-times.js";
import { numberedNames } from "../support/numbered-names.js";
import { Blindness } from "./blindness.js";
import type { Book, Result } from "./book.js";
import type { Ran } from "./run-check.js";
import { MaintenanceClock } from "./schedule/maintenance.js";
import { slotLength } from "./schedule/schedule.js";
import type { Outcome } from "./state.js";
import type { WatchedCheck } from "./watch-plan.js";

export type RawOutcome = Ran["outcome"];

/** The outcome of another check's run that is not older than this; it is run now if there is none. */
export type Fresh = (key: string, since: number) => Promise<RawOutcome>;

export const OFFLINE = "this machine seems to be offline";
const BLIND_FOR_MS = 10_000;
export const EVERY_CANARY_FAILS = `every canary fails: ${OFFLINE}`;

export function dependencyFails({ name }: WatchedCheck): string {
  return `${name} fails, which this depends on`;
}

export function isFine(outcome: Outcome): boolean {
  return outcome === "ok" || outcome === "warning";
}

/** What a run says of its target: a failure may be another check's, or this machine's, or planned. */
export class Judge {
  readonly #maintenance: MaintenanceClock;
  readonly #byKey: ReadonlyMap<string, WatchedCheck>;
  readonly #blindness: Blindness;

  constructor(
    readonly book: Book,
    readonly fresh: Fresh,
    readonly now: () => number,
  ) {
    const { checks, maintenance, canaries } = book.plan;
    this.#maintenance = new MaintenanceClock(maintenance);
    this.#byKey = new Map(checks.map((check) => [check.key, check]));
    this.#blindness = new Blindness(checks.length);
    if (canaries.length === 0) this.#blindness.resume(checks, (key) => book.state(key));
  }

  async judged(check: WatchedCheck, { outcome, report, reasons }: Ran, at: number): Promise<Result> {
    const durationMs = report?.carried.duration_ms ?? null;
    const reason = reasons.length === 0 ? null : reasons.join("; ");
    const output = outcome === "error" && report !== null ? JSON.stringify(report.envelope.queue) : null;
    const weightMs = weightOf(slotLength(at, check.schedule), at, this.book.state(check.key).last_at);
    const result: Result = { at, outcome, durationMs, reason, output, weightMs, operations: operationTimes(report?.carried.operations ?? []) };
    if (this.#maintenance.has(check.planned.tags, at)) return { ...result, outcome: "maintenance", hasFailed: outcome === "error" };
    if (outcome !== "error") {
      if (outcome !== "unknown") await this.#seen(check);
      // What reads secrets may need the network, too.
      return outcome === "unknown" && !this.book.isBlind ? { ...result, isUnexplained: true } : result;
    }
    const { canaries } = this.book.plan;
    if (canaries.length > 0 && (await this.#allFail(canaries, at))) {
      if (!this.book.isBlind) await this.book.blind(EVERY_CANARY_FAILS, this.now());
      return { ...result, outcome: "unknown", reason: `${EVERY_CANARY_FAILS}; ${reason}` };
    }
    const parent = await this.#failingParent(check, at);
    if (parent !== null) return { ...result, outcome: "suppressed", reason: `${dependencyFails(parent)}; ${reason}` };
    return (await this.#isOurFault(check, at)) ? { ...result, outcome: "unknown", reason: `more than half of the checks fail: ${OFFLINE}; ${reason}` } : result;
  }

  /** Something works, so this machine is online. */
  async #seen({ key }: WatchedCheck): Promise<void> {
    const { canaries } = this.book.plan;
    this.#blindness.fine(key);
    const isOver = canaries.length > 0 ? canaries.includes(key) : this.#blindness.isOver;
    if (isOver && this.book.isBlind) await this.book.blind(null, this.now());
  }

  /** Canaries say it better than the share of checks that fail. */
  async #isOurFault(check: WatchedCheck, at: number): Promise<boolean> {
    if (this.book.plan.canaries.length > 0) return false;
    this.#blindness.failed(check.key, at, slotLength(at, check.schedule), this.book.state(check.key).recent.endsWith("F"));
    // Also for a slot that began before that was over.
    if (this.book.isBlind || at < this.book.judgedAt("watch", "")) return true;
    const { turned } = this.#blindness;
    if (turned === null) return false;
    const blind = this.book.blind(`more than half of the checks fail at once: ${OFFLINE}`, this.now());
    await Promise.all([blind, ...[...turned].map(([key, since]) => this.book.takeBack(this.#byKey.get(key) as WatchedCheck, since))]);
    return true;
  }

  /** While this machine is offline, the canaries are not run again for each failure. */
  async #allFail(keys: readonly string[], at: number): Promise<boolean> {
    const since = this.book.isBlind ? at - BLIND_FOR_MS : at;
    const outcomes = await Promise.all(keys.map((key) => this.fresh(key, since)));
    return outcomes.every((outcome) => outcome === "error");
  }

  async #failingParent({ dependsOn }: WatchedCheck, since: number): Promise<WatchedCheck | null> {
    const outcomes = await Promise.all(dependsOn.map((key) => this.fresh(key, since)));
    // One that could not be run says nothing of its target, and explains no failure.
    const failing = outcomes.indexOf("error");
    return failing < 0 ? null : (this.#byKey.get(dependsOn[failing] as string) as WatchedCheck);
  }
}

/** The time for which a result stands. What confirm_after runs sooner must not weigh more. */
export function weightOf(slotMs: number, at: number, lastAt: number | null): number {
  return lastAt === null ? slotMs : Math.max(0, Math.min(slotMs, at - lastAt));
}

/** With a number at the second one of a name. */
export function operationTimes(operations: readonly { readonly name: string; readonly duration_ms: number | null }[]): OperationTime[] {
  const names = numberedNames(operations.map(({ name }) => name));
  return operations.map(({ duration_ms: durationMs }, index) => ({ name: names[index] as string, durationMs }));
}
