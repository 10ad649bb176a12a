import { describe, expect, test } from "vitest";
import { DestinationLimiter } from "../../../../runner/delivery/session/destination-limiter.js";
import { Deadline } from "../../../../runner/run/deadline.js";
import { failure } from "../../../../schemas/failure.js";

const LIMITS = { sessions: 20, messagesPerSession: 100, messagesPerMinute: null };
const GONE = { failure: failure("connect", "refused", "connection refused"), reply: null };
const endless = (): Deadline => new Deadline(Number.POSITIVE_INFINITY, undefined);

/** As many as get in at once. */
function fill(lane: DestinationLimiter): number {
  let inside = 0;
  while (lane.tryEnter()) inside += 1;
  return inside;
}

describe("a lane", () => {
  test("begins with five, and earns one for each that goes well while others wait", async () => {
    const lane = new DestinationLimiter("direct", "site", LIMITS);
    expect(fill(lane)).toBe(5);
    const waiting = Array.from({ length: 10 }, () => lane.enter(1, endless()));
    lane.leave("good");
    await Promise.all(waiting.slice(0, 2));
    expect([lane.busy, lane.window, lane.waiting]).toEqual([6, 6, 8]);
  });

  test("does not grow while nobody waits, nor beyond its limit", () => {
    const lane = new DestinationLimiter("direct", "site", { ...LIMITS, sessions: 3 });
    expect(fill(lane)).toBe(3);
    for (let index = 0; index < 3; index++) lane.leave("good");
    expect(lane.window).toBe(5);
    expect(fill(lane)).toBe(3);
  });

  test("loses one for each that goes badly, and is left alone after a whole round of them", () => {
    const lane = new DestinationLimiter("direct", "site", LIMITS);
    fill(lane);
    for (const left of [4, 3, 2]) {
      lane.leave("bad", GONE);
      expect([lane.window, lane.pause]).toEqual([left, null]);
    }
    lane.leave("bad", GONE);
    expect(lane.pause).toMatchObject(GONE);
  });

  test("forgets bad ones when one goes well", () => {
    const lane = new DestinationLimiter("direct", "site", LIMITS);
    fill(lane);
    for (let index = 0; index < 3; index++) lane.leave("bad", GONE);
    lane.leave("good");
    lane.tryEnter();
    lane.leave("bad", GONE);
    expect(lane.pause).toBeNull();
  });

  test("takes a 421 for too many where others are in, and does not ask for more again soon", () => {
    const lane = new DestinationLimiter("direct", "site", LIMITS);
    fill(lane);
    expect(lane.backOff(GONE, null)).toBe(false);
    expect([lane.pause, lane.window]).toEqual([null, 4]);
    lane.leave("none");
    void lane.enter(1, endless());
    lane.leave("good");
    expect(lane.window).toBe(4);
  });

  test("lets everybody in who waits when it is left alone, so that they are told", async () => {
    const lane = new DestinationLimiter("direct", "site", { ...LIMITS, sessions: 1 });
    fill(lane);
    const waiting = Array.from({ length: 30 }, () => lane.enter(1, endless()));
    lane.backOff(GONE, null);
    await Promise.all(waiting);
    expect(lane.waiting).toBe(0);
  });

  test("is left alone longer each time, until something goes well", () => {
    const lane = new DestinationLimiter("direct", "site", LIMITS);
    const pauseOf = (): number => {
      lane.backOff(GONE, null);
      return Math.round(((lane.pause?.until ?? 0) - performance.now()) / 1000);
    };
    expect([pauseOf(), pauseOf(), pauseOf()]).toEqual([30, 60, 120]);
    lane.tryEnter();
    lane.leave("good");
    expect(pauseOf()).toBe(30);
  });

  test("is left alone at least as long as it asks for", () => {
    const lane = new DestinationLimiter("direct", "site", LIMITS);
    lane.backOff(GONE, 600_000);
    expect((lane.pause?.until ?? 0) - performance.now()).toBeGreaterThan(599_000);
  });

  test("lets nobody overtake those who wait for its pace, also when there is room again and they have not been told yet", async () => {
    const lane = new DestinationLimiter("direct", "site", { ...LIMITS, messagesPerMinute: 6000 });
    while (lane.tryEnter()) lane.leave("none");
    const waiting = lane.enter(2, endless());
    const until = performance.now() + 15;
    while (performance.now() < until);
    expect(lane.tryEnter()).toBe(false);
    expect(await waiting).toBe(true);
  });

  test("lets nobody wait beyond the end of his run", async () => {
    const lane = new DestinationLimiter("direct", "site", LIMITS);
    fill(lane);
    const deadline = new Deadline(20, undefined);
    await expect(lane.enter(0, deadline)).rejects.toMatchObject({ failure: { code: "timeout", message: expect.stringContaining("site") } });
    expect(lane.waiting).toBe(0);
  });
});
