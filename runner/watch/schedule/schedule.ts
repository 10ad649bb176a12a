import type { CronTimes } from "./cron.js";
import { nextSlot, type Rhythm } from "./slots.js";

/** When the slots of a check begin. */
export type Schedule = Rhythm | CronTimes;

const NEVER = Number.POSITIVE_INFINITY;

/** When the next slot begins after this moment; infinity if none does. */
export function nextStart(now: number, schedule: Schedule): number {
  return "next" in schedule ? (schedule.next(now) ?? NEVER) : nextSlot(now, schedule);
}

/** How long the slot lasts that begins now. */
export function slotLength(at: number, schedule: Schedule): number {
  return "everyMs" in schedule ? schedule.everyMs : nextStart(at, schedule) - at;
}
