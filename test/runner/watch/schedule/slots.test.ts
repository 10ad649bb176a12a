import fc from "fast-check";
import { expect, test } from "vitest";
import { DueHeap } from "../../../../runner/watch/due-heap.js";
import { readCron } from "../../../../runner/watch/schedule/cron.js";
import { latestStart } from "../../../../runner/watch/schedule/schedule.js";
import { nextSlot, rhythmOf, slotAt } from "../../../../runner/watch/schedule/slots.js";

test("every moment lies in one slot, and the next one begins right after it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1000, max: 86_400_000 }), fc.string(), (now, everyMs, key) => {
      const rhythm = rhythmOf(key, everyMs);
      const slot = slotAt(now, rhythm);
      expect(slot).toBeLessThanOrEqual(now);
      expect(now).toBeLessThan(slot + everyMs);
      expect(nextSlot(now, rhythm)).toBe(slot + everyMs);
      expect(slotAt(slot, rhythm)).toBe(slot);
    }),
  );
});

test("checks of the same interval are spread over it", () => {
  const tenths = new Set(Array.from({ length: 1000 }, (_, index) => Math.floor(rhythmOf(`check ${index}`, 60_000).offsetMs / 6000)));
  expect(tenths.size).toBe(10);
});

test("the heap gives what is due, the earliest first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 })), fc.integer({ min: 0, max: 100 }), (moments, now) => {
      const heap = new DueHeap<number>();
      for (const [index, at] of moments.entries()) heap.add(at, index);
      const taken: number[] = [];
      for (let entry = heap.take(now); entry !== null; entry = heap.take(now)) taken.push(entry.at);
      expect(taken).toEqual(moments.filter((at) => at <= now).sort((a, b) => a - b));
      expect(heap.size).toBe(moments.length - taken.length);
      expect(heap.next).toBe(Math.min(Number.POSITIVE_INFINITY, ...moments.filter((at) => at > now)));
    }),
  );
});

test("the latest start of a schedule, however rare its starts are", async () => {
  const now = Date.parse("2026-06-10T12:34:56Z");
  const latest = async (cron: string): Promise<string | null> => {
    const at = latestStart(now, await readCron(cron, "UTC"));
    return at === null ? null : new Date(at).toISOString().slice(0, 16);
  };
  expect(await Promise.all(["* * * * *", "0 3 * * *", "0 3 1 * *", "0 0 24 12 *", "0 0 30 2 *"].map(latest))).toEqual([
    "2026-06-10T12:34",
    "2026-06-10T03:00",
    "2026-06-01T03:00",
    "2025-12-24T00:00",
    null,
  ]);
  expect(latestStart(now, { everyMs: 60_000, offsetMs: 1000 })).toBe(Date.parse("2026-06-10T12:34:01Z"));
});
