import { expect, test } from "vitest";
import { monotonic, utc, utcClock } from "../../../runner/run/clock.js";

const ORIGIN = Date.UTC(2026, 10, 20, 2, 41, 40);

/** A machine whose two clocks go together, until one is set or the process loses its turn. */
function machine() {
  const state = { now: 5000, set: 0, pauses: [] as number[] };
  return {
    state,
    wall: () => Math.floor(ORIGIN + state.now + state.set),
    steady: () => {
      // The pause comes before the reading: another reading was taken just before it.
      state.now += state.pauses.shift() ?? 0;
      return state.now;
    },
  };
}

test("a monotonic reading becomes UTC with its microseconds", () => {
  const { wall, steady } = machine();
  const tell = utcClock(wall, steady, ORIGIN);
  expect(tell(6693.974)).toBe("2026-11-20T02:41:46.693974Z");
  expect(tell(0)).toBe("2026-11-20T02:41:40.000000Z");
  expect(tell(60_000)).toBe("2026-11-20T02:42:40.000000Z");
});

test("it follows when the system clock is set, forth and back", () => {
  const { state, wall, steady } = machine();
  const tell = utcClock(wall, steady, ORIGIN);
  state.set = 3_600_000;
  expect(tell(6000)).toBe("2026-11-20T03:41:46.000000Z");
  state.set = 0;
  expect(tell(6000)).toBe("2026-11-20T02:41:46.000000Z");
});

test("a pause between the readings of the two clocks does not count as drift", () => {
  const { state, wall, steady } = machine();
  const tell = utcClock(wall, steady, ORIGIN);
  state.pauses = [40];
  expect(tell(6000)).toBe("2026-11-20T02:41:46.000000Z");
  // Nor where it comes again while it is looked at.
  state.pauses = [40, 0, 40, 30];
  expect(tell(6000)).toBe("2026-11-20T02:41:46.000000Z");
});

test("a process that is paused at every look believes nothing, and follows when it can look", () => {
  const { state, wall, steady } = machine();
  const tell = utcClock(wall, steady, ORIGIN);
  state.set = 1000;
  state.pauses = new Array(20).fill(10);
  expect(tell(6000)).toBe("2026-11-20T02:41:46.000000Z");
  state.pauses = [];
  expect(tell(6000)).toBe("2026-11-20T02:41:47.000000Z");
});

test("this machine's own", () => {
  expect(Math.abs(Date.parse(utc(monotonic())) - Date.now())).toBeLessThan(1000);
});
