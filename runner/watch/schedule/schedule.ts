import type { CronTimes } from "./cron.js";
import { nextSlot, type Rhythm, slotAt } from "./slots.js";

/** When the slots of a check begin. */
export type Schedule = Rhythm | CronTimes;

const NEVER = Number.POSITIVE_INFINITY;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Where the latest start is looked for, the nearest first: what begins every minute has few starts in an hour. */
const LOOK_BACK_MS = [HOUR_MS, DAY_MS, 32 * DAY_MS, 366 * DAY_MS];

/** When the next slot begins after this moment; infinity if none does. */
export function nextStart(now: number, schedule: Schedule): number {
  return "next" in schedule ? (schedule.next(now) ?? NEVER) : nextSlot(now, schedule);
}

/** How long the slot lasts that begins now. */
export function slotLength(at: number, schedule: Schedule): number {
  return "everyMs" in schedule ? schedule.everyMs : nextStart(at, schedule) - at;
}

/** When the slot began in which a moment lies; null if none did within a year. */
export function latestStart(now: number, schedule: Schedule): number | null {
  if ("everyMs" in schedule) return slotAt(now, schedule);
  for (const lookBackMs of LOOK_BACK_MS) {
    let latest: number | null = null;
    for (let at = nextStart(now - lookBackMs, schedule); at <= now; at = nextStart(at, schedule)) latest = at;
    if (latest !== null) return latest;
  }
  return null;
}
