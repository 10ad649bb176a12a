import { describe, expect, test } from "vitest";
import { DestinationLimiter } from "../../../../runner/delivery/session/destination-limiter.js";
import { Deadline } from "../../../../runner/run/deadline.js";
import { failure } from "../../../../schemas/failure.js";

const LIMITS = { sessions: 20, messagesPerSession: 100, messagesPerMinute: null };
const GONE = { failure: failure("connect", "refused", "connection refused"), reply: null };
const endless = (): Deadline => new Deadline(Number.POSITIVE_INFINITY, undefined);

/** As many as get in at once. */
function fill(limiter: DestinationLimiter): number {
  let inside = 0;
  while (limiter.tryEnter()) inside += 1;
  return inside;
}

describe("a destination's limiter", () => {
  test("starts with five sessions, and adds one for each success while others wait", async () => {
    const limiter = new DestinationLimiter("direct", "site", LIMITS);
    expect(fill(limiter)).toBe(5);
    const waiting = Array.from({ length: 10 }, () => limiter.enter(1, endless()));
    limiter.leave("good");
    await Promise.all(waiting.slice(0, 2));
    expect([limiter.busy, limiter.window, limiter.waiting]).toEqual([6, 6, 8]);
  });

  test("does not grow without waiting messages, or beyond its limit", () => {
    const limiter = new DestinationLimiter("direct", "site", { ...LIMITS, sessions: 3 });
    expect(fill(limiter)).toBe(3);
    for (let index = 0; index < 3; index++) limiter.leave("good");
    expect(limiter.window).toBe(5);
    expect(fill(limiter)).toBe(3);
  });

  test("removes one for each failure, and pauses after a whole round of failures", () => {
    const limiter = new DestinationLimiter("direct", "site", LIMITS);
    fill(limiter);
    for (const left of [4, 3, 2]) {
      limiter.leave("bad", GONE);
      expect([limiter.window, limiter.pause]).toEqual([left, null]);
    }
    limiter.leave("bad", GONE);
    expect(limiter.pause).toMatchObject(GONE);
  });

  test("forgets failures after a success", () => {
    const limiter = new DestinationLimiter("direct", "site", LIMITS);
    fill(limiter);
    for (let index = 0; index < 3; index++) limiter.leave("bad", GONE);
    limiter.leave("good");
    limiter.tryEnter();
    limiter.leave("bad", GONE);
    expect(limiter.pause).toBeNull();
  });

  test("reduces the number of sessions after a 421 while others are open, and does not raise it again soon", () => {
    const limiter = new DestinationLimiter("direct", "site", LIMITS);
    fill(limiter);
    expect(limiter.backOff(GONE, null)).toBe(false);
    expect([limiter.pause, limiter.window]).toEqual([null, 4]);
    limiter.leave("none");
    void limiter.enter(1, endless());
    limiter.leave("good");
    expect(limiter.window).toBe(4);
  });

  test("admits all waiting messages when it pauses, so that they are reported", async () => {
    const limiter = new DestinationLimiter("direct", "site", { ...LIMITS, sessions: 1 });
    fill(limiter);
    const waiting = Array.from({ length: 30 }, () => limiter.enter(1, endless()));
    limiter.backOff(GONE, null);
    await Promise.all(waiting);
    expect(limiter.waiting).toBe(0);
  });

  test("pauses longer each time, until a success", () => {
    const limiter = new DestinationLimiter("direct", "site", LIMITS);
    const pauseOf = (): number => {
      limiter.backOff(GONE, null);
      return Math.round(((limiter.pause?.until ?? 0) - performance.now()) / 1000);
    };
    expect([pauseOf(), pauseOf(), pauseOf()]).toEqual([30, 60, 120]);
    limiter.tryEnter();
    limiter.leave("good");
    expect(pauseOf()).toBe(30);
  });

  test("pauses at least as long as the server asked for", () => {
    const limiter = new DestinationLimiter("direct", "site", LIMITS);
    limiter.backOff(GONE, 600_000);
    expect((limiter.pause?.until ?? 0) - performance.now()).toBeGreaterThan(599_000);
  });

  test("keeps the order of messages that wait for the rate limit, even if a session becomes free", async () => {
    const limiter = new DestinationLimiter("direct", "site", { ...LIMITS, messagesPerMinute: 6000 });
    while (limiter.tryEnter()) limiter.leave("none");
    const waiting = limiter.enter(2, endless());
    const until = performance.now() + 15;
    while (performance.now() < until);
    expect(limiter.tryEnter()).toBe(false);
    expect(await waiting).toBe(true);
  });

  test("does not let a message wait longer than its run", async () => {
    const limiter = new DestinationLimiter("direct", "site", LIMITS);
    fill(limiter);
    const deadline = new Deadline(20, undefined);
    await expect(limiter.enter(0, deadline)).rejects.toMatchObject({ failure: { code: "timeout", message: expect.stringContaining("site") } });
    expect(limiter.waiting).toBe(0);
  });
});
