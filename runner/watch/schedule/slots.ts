import { createHash } from "node:crypto";

/** Slots of a check begin at multiples of its interval since 1970, plus its offset. A restart keeps the rhythm, and checks spread by themselves. */
export interface Rhythm {
  readonly everyMs: number;
  readonly offsetMs: number;
}

export function rhythmOf(key: string, everyMs: number): Rhythm {
  const hash = createHash("sha256").update(key).digest().readUIntBE(0, 6);
  return { everyMs, offsetMs: hash % everyMs };
}

/** When the slot began in which a moment lies. */
export function slotAt(now: number, { everyMs, offsetMs }: Rhythm): number {
  return Math.floor((now - offsetMs) / everyMs) * everyMs + offsetMs;
}

/** When the next one begins: after a suspend the slots that were slept through are gaps, and are not run later. */
export function nextSlot(now: number, rhythm: Rhythm): number {
  return slotAt(now, rhythm) + rhythm.everyMs;
}
