import { isFine, OFFLINE } from "../judge.js";
import type { CheckState } from "../state.js";
import type { HeartbeatCheck } from "./heartbeat-check.js";

/** What is known of a job at a moment: by its request, or because there was none. */
export interface HeartbeatReport {
  readonly key: string;
  readonly at: number;
  readonly outcome: "ok" | "warning" | "error" | "unknown";
  readonly reason: string | null;
  /** From when the next request is awaited; null: as before. */
  readonly awaitedFrom: number | null;
}

type Timing = Pick<HeartbeatCheck, "key" | "everyMs" | "graceMs">;

/** While this machine is offline, requests cannot arrive: it is looked at again after this time, or after the grace if that is longer. */
const LOOK_AGAIN_MS = 60_000;

/** What the absence of a request since `from` says now; null: nothing yet. */
export function dueReport({ key, everyMs, graceMs }: Timing, from: number, state: CheckState, isBlind: boolean, now: number): HeartbeatReport | null {
  const lateAt = from + everyMs;
  const missingAt = lateAt + graceMs;
  const reason = `expected by ${new Date(lateAt).toISOString()}`;
  if (now >= missingAt) {
    const missing = `missing: ${reason}${graceMs === 0 ? "" : `, and not there by ${new Date(missingAt).toISOString()}`}`;
    if (!isBlind) return { key, at: missingAt, outcome: "error", reason: missing, awaitedFrom: lateAt };
    return { key, at: missingAt, outcome: "unknown", reason: `${missing}; ${OFFLINE}`, awaitedFrom: lateAt - everyMs + Math.max(graceMs, LOOK_AGAIN_MS) };
  }
  // A warning counts as a success, so it must not follow a failure.
  const isNews = state.incident === null && isFine(state.outcome) && (state.last_at ?? 0) < lateAt;
  return now >= lateAt && isNews ? { key, at: lateAt, outcome: "warning", reason: `late: ${reason}`, awaitedFrom: null } : null;
}

/**
 * From when the next request is awaited after the watch did not run: as before, unless it would be missing already. Whether it came is not known
 * then. Null: it has never come.
 */
export function awaitedAfterPause({ everyMs, graceMs }: Timing, { last_at: lastAt, outcome }: CheckState, now: number): number | null {
  if (lastAt === null) return null;
  const from = outcome === "warning" ? lastAt - everyMs : lastAt;
  return from + everyMs + graceMs <= now || from > now ? now : from;
}
