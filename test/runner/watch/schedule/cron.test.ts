import { describe, expect, test } from "vitest";
import { readCron, readLocalTime } from "../../../../runner/watch/schedule/cron.js";
import { WindowClock } from "../../../../runner/watch/schedule/maintenance.js";

const HOUR = 3_600_000;
const BERLIN = "Europe/Berlin";
const at = (text: string): number => Date.parse(text);

async function starts(written: string, zone: string, from: string, count: number): Promise<string[]> {
  const { next } = await readCron(written, zone);
  const found: string[] = [];
  for (let moment = at(from); found.length < count; ) {
    moment = next(moment) as number;
    found.push(new Date(moment).toISOString().slice(0, 16));
  }
  return found;
}

describe("cron in local time", () => {
  test("on weekdays, in office hours, with names", async () => {
    // 2026-11-27 is a Friday; Berlin is one hour ahead of UTC.
    expect(await starts("*/30 9-10 * * mon-fri", BERLIN, "2026-11-27T08:59:59Z", 4)).toEqual([
      "2026-11-27T09:00",
      "2026-11-27T09:30",
      "2026-11-30T08:00",
      "2026-11-30T08:30",
    ]);
    expect(await starts("0 12 1 jan *", "UTC", "2026-11-27T00:00:00Z", 1)).toEqual(["2027-01-01T12:00"]);
  });

  test("a time that the change to summer time leaves out happens once, and one that happens twice does once", async () => {
    expect(await starts("30 2 * * *", BERLIN, "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00", "2026-03-30T00:30"]);
    expect(await starts("30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30", "2026-10-26T01:30"]);
  });

  test("what repeats within the hour goes on through both changes", async () => {
    expect(await starts("*/30 * * * *", BERLIN, "2026-10-25T00:15:00Z", 4)).toEqual([
      "2026-10-25T00:30",
      "2026-10-25T01:00",
      "2026-10-25T01:30",
      "2026-10-25T02:00",
    ]);
    expect(await starts("*/30 * * * *", BERLIN, "2026-03-29T00:15:00Z", 3)).toEqual(["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"]);
  });

  test("a date that never comes", async () => {
    expect((await readCron("0 0 30 2 *", "UTC")).next(at("2026-01-01T00:00:00Z"))).toBeNull();
  });

  test.each([
    ["* * * *", undefined, /not a cron expression/],
    ["0 * * * * *", undefined, /not a cron expression/],
    ["@daily", undefined, /not a cron expression/],
    ["61 * * * *", undefined, /minute/],
    ["* * * * funday", undefined, /./],
    ["* * * * *", "Mars/Base", /"Mars\/Base" is not the name of a time zone/],
  ])("%s in %s is refused", async (written, zone, why) => {
    await expect(readCron(written, zone)).rejects.toThrow(why);
  });

  test("hostile patterns end at once", async () => {
    const startedAt = performance.now();
    for (const written of [`${"1,".repeat(60)}1 * * * *`, "*/1 */1 31 2 *", "0-59 0-23 31 2,4 sun"])
      await readCron(written, BERLIN).then(
        ({ next }) => next(0),
        () => undefined,
      );
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});

describe("maintenance", () => {
  /** How long a window is open around a moment, to the second, and how often it begins. */
  async function openIn(cron: string, forMs: number, from: string, to: string): Promise<{ seconds: number; begins: number }> {
    const clock = new WindowClock({ starts: await readCron(cron, BERLIN), forMs, tags: null });
    let seconds = 0;
    let begins = 0;
    for (let moment = at(from), before = false; moment < at(to); moment += 1000) {
      const isOpen = clock.has(moment);
      seconds += Number(isOpen);
      begins += Number(isOpen && !before);
      before = isOpen;
    }
    return { seconds, begins };
  }

  // Hard case 7.
  test.each([
    ["to summer time", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"],
    ["to winter time", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"],
    ["no change", "2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z"],
  ])("a window at 02:30 in the night of the change %s: once, and two hours long", async (_, from, to) => {
    expect(await openIn("30 2 * * *", 2 * HOUR, from, to)).toEqual({ seconds: 7200, begins: 1 });
  });

  test("windows that overlap, and a clock that is set back", async () => {
    expect(await openIn("0 * * * *", 2 * HOUR, "2026-06-01T12:00:00Z", "2026-06-01T18:00:00Z")).toEqual({ seconds: 6 * 3600, begins: 1 });
    const clock = new WindowClock({ starts: await readCron("0 3 * * *", "UTC"), forMs: HOUR, tags: null });
    const moments = ["T03:30", "T02:30", "T03:00", "T04:00", "T03:59", "T02:59"];
    expect(moments.map((time) => clock.has(at(`2026-06-01${time}:00Z`)))).toEqual([true, false, true, false, true, false]);
  });

  test("once, in local time", async () => {
    const clock = new WindowClock({ starts: await readLocalTime("2026-12-01 22:00", BERLIN), forMs: HOUR, tags: null });
    expect(
      ["2026-12-01T20:59:59Z", "2026-12-01T21:00:00Z", "2026-12-01T21:59:59Z", "2026-12-01T22:00:00Z", "2027-12-01T21:30:00Z"].map((time) =>
        clock.has(at(time)),
      ),
    ).toEqual([false, true, true, false, false]);
    await expect(readLocalTime("2026-13-01 22:00", BERLIN)).rejects.toThrow();
    await expect(readLocalTime("tomorrow", BERLIN)).rejects.toThrow("not a local time");
  });
});
