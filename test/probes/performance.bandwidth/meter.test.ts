import { expect, test } from "vitest";
import { Meter } from "../../../probes/performance.bandwidth/meter.js";

/** 8 Mbit/s: a thousand bytes a millisecond. */
const LIMITS = { testMs: 2500, maxBytes: 10_000_000, maxBitsPerSecond: 8_000_000 };

function meterAt(limits: Partial<typeof LIMITS> = {}) {
  const clock = { now: 100 };
  return { clock, meter: new Meter({ ...LIMITS, ...limits }, () => clock.now) };
}

test("the rate is over the time from the first piece to the last", () => {
  const { clock, meter } = meterAt();
  expect(meter).toMatchObject({ bytes: 0, bitsPerSecond: null, durationMs: null, isDone: false, aheadMs: 0, intervals: [] });
  meter.count(1000);
  expect(meter.bitsPerSecond).toBeNull();
  clock.now += 500;
  meter.count(249_000);
  expect(meter).toMatchObject({ bytes: 250_000, durationMs: 500, bitsPerSecond: 4_000_000 });
});

test("each interval has its own bytes, also one without any", () => {
  const { clock, meter } = meterAt({ testMs: 10_000 });
  for (const [at, bytes] of [
    [0, 10_000],
    [400, 20_000],
    [2100, 5_000],
    [2500, 5_000],
  ] as const) {
    clock.now = 100 + at;
    meter.count(bytes);
  }
  expect(meter.intervals).toEqual([
    { at_ms: 0, duration_ms: 1000, bytes: 30_000, bits_per_second: 240_000, retransmits: null },
    { at_ms: 1000, duration_ms: 1000, bytes: 0, bits_per_second: 0, retransmits: null },
    { at_ms: 2000, duration_ms: 500, bytes: 10_000, bits_per_second: 160_000, retransmits: null },
  ]);
});

test("what is sent faster than permitted has to wait", () => {
  const { clock, meter } = meterAt();
  meter.count(50_000);
  expect(meter.aheadMs).toBe(50);
  clock.now += 20;
  expect(meter.aheadMs).toBe(30);
  clock.now += 100;
  expect(meter.aheadMs).toBe(0);
});

test("it is done when the time or the bytes are used", () => {
  const byTime = meterAt();
  byTime.meter.count(1);
  byTime.clock.now += 2499;
  expect(byTime.meter.isDone).toBe(false);
  byTime.clock.now += 1;
  expect(byTime.meter.isDone).toBe(true);
  const byBytes = meterAt({ maxBytes: 5000 });
  byBytes.meter.count(4000);
  expect(byBytes.meter).toMatchObject({ isDone: false, left: 1000 });
  byBytes.meter.count(1000);
  expect(byBytes.meter).toMatchObject({ isDone: true, left: 0 });
});

test("an upload lasts until the server has confirmed it", () => {
  const { clock, meter } = meterAt();
  meter.count(100_000);
  clock.now += 1000;
  meter.confirm();
  expect(meter).toMatchObject({ durationMs: 1000, bitsPerSecond: 800_000 });
});
