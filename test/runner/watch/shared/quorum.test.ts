import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, type Entry, encode, type Report, type ReportedRun } from "../../../../runner/watch/shared/entries.js";
import { OpenSlots } from "../../../../runner/watch/shared/open-slots.js";
import { agreed } from "../../../../runner/watch/shared/quorum.js";
import { Silence } from "../../../../runner/watch/shared/silence.js";

const PLACES = ["fra", "nyc", "sgp"];
const RUN: ReportedRun = { status: "ok", failure: null, operations: [{ name: "connect", at_ms: 0.5, duration_ms: 9 }] };

const report = (location: string, outcome: Report["outcome"], durationMs = 10): Report => ({
  location,
  outcome,
  durationMs,
  reason: outcome === "ok" ? null : `${outcome} of ${location}`,
  output: outcome === "error" ? "{}" : null,
  run: outcome === "unknown" ? null : RUN,
});

/** fra, nyc and sgp by their first letters: e for an error, - for silence. */
const reportsOf = (written: string): Report[] =>
  [...written].flatMap((letter, index) => {
    const outcome = ({ o: "ok", e: "error", w: "warning", u: "unknown" } as const)[letter];
    return outcome === undefined ? [] : [report(PLACES[index] as string, outcome)];
  });

describe("three places and a quorum of two", () => {
  test.each([
    ["ooo", "ok", null],
    ["eoo", "warning", "at fra: error of fra"],
    ["eeo", "error", "at fra, nyc: error of fra"],
    ["eee", "error", "at fra, nyc, sgp: error of fra"],
    ["wow", "warning", "at fra, sgp: warning of fra"],
    ["oo-", "ok", null],
    ["e-e", "error", "at fra, sgp: error of fra"],
    // Hard case 5: one silent, one failing.
    ["eo-", "unknown", "no report from sgp; at fra: error of fra"],
    ["o--", "unknown", "no report from nyc, sgp"],
    ["---", "unknown", "no report from fra, nyc, sgp"],
    ["euu", "unknown", "at fra: error of fra; at nyc: unknown of nyc; at sgp: unknown of sgp"],
  ])("%s is %s", (written, outcome, reason) => {
    expect(agreed(reportsOf(written), PLACES, 2)).toMatchObject({ outcome, reason });
  });

  test("the failures must be half of the reports: one of five is none", () => {
    const five = [...PLACES, "syd", "gru"];
    const reports = five.map((place, index) => report(place, index === 0 ? "error" : "ok"));
    expect(agreed(reports, five, 1).outcome).toBe("warning");
  });

  test("the duration is the median", () => {
    const reports = [30, 10, 20].map((durationMs, index) => report(PLACES[index] as string, "ok", durationMs));
    expect(agreed(reports, PLACES, 2).durationMs).toBe(20);
  });
});

test("without locations, the one worker decides, in its own words", () => {
  expect(agreed([report("", "error")], [""], 1)).toMatchObject({ outcome: "error", reason: "error of ", output: "{}" });
  expect(agreed([], [""], 1)).toMatchObject({ outcome: "unknown", reason: "no worker reported" });
});

/** What a reader of a log makes of its entries: the slots in the order in which they end. */
function read(entries: readonly { place: string | null; at: number }[], from = 0): string[] {
  const open = new OpenSlots(PLACES, () => true);
  let lastAt = -1;
  return entries.slice(from).flatMap(({ place, at }, index) => {
    if (at <= lastAt) return [];
    const ended = place === null ? open.over(String(from + index), "k", at) : open.report(String(from + index), "k", at, report(place, "ok"));
    lastAt = Math.max(lastAt, ...ended.map((slot) => slot.at));
    return ended.map((slot) => `${slot.at}:${slot.reports.map(({ location }) => location).join()}`);
  });
}

const log = fc.array(fc.record({ place: fc.option(fc.constantFrom(...PLACES), { freq: 4 }), at: fc.integer({ min: 0, max: 12 }) }), { maxLength: 80 });

test("slots end once and in their order, whatever is repeated, late or lost", () => {
  fc.assert(
    fc.property(log, (entries) => {
      const ats = read(entries).map((slot) => Number(slot.split(":")[0]));
      expect(ats).toEqual([...new Set(ats)].sort((a, b) => a - b));
    }),
  );
});

test("a reader that begins again where nothing was open before finds the same", () => {
  fc.assert(
    fc.property(log, fc.nat(), (entries, where) => {
      const open = new OpenSlots(PLACES, () => true);
      const cut = where % (entries.length + 1);
      let lastAt = -1;
      const before: string[] = [];
      for (const [index, { place, at }] of entries.slice(0, cut).entries()) {
        if (at <= lastAt) continue;
        const ended = place === null ? open.over(String(index), "k", at) : open.report(String(index), "k", at, report(place, "ok"));
        lastAt = Math.max(lastAt, ...ended.map((slot) => slot.at));
        before.push(...ended.map((slot) => `${slot.at}:${slot.reports.map(({ location }) => location).join()}`));
      }
      const from = open.oldest === null ? cut : Number(open.oldest);
      const again = read(entries, from).filter((slot) => Number(slot.split(":")[0]) > lastAt);
      expect([...before, ...again]).toEqual(read(entries));
    }),
  );
});

test("a slot does not wait for a place that is silent", () => {
  const silent = new Set<string>();
  const open = new OpenSlots(PLACES, (place) => !silent.has(place));
  const said = (place: string, at: number): string[] => open.report("0", "k", at, report(place, "ok")).map((slot) => `${slot.at}: ${slot.reports.length}`);
  for (const at of [1, 2]) for (const place of ["fra", "nyc"]) expect(said(place, at)).toEqual([]);
  expect(said("fra", 3)).toEqual([]);
  silent.add("sgp");
  expect(open.complete().map((slot) => `${slot.at}: ${slot.reports.length}`)).toEqual(["1: 2", "2: 2"]);
  expect(open.complete()).toEqual([]);
  expect(said("nyc", 3)).toEqual(["3: 2"]);
  expect(open.oldest).toBeNull();
});

test("a place is silent when slots begin and it reports nothing for so long; one report ends it", () => {
  const silence = new Silence(PLACES, 10_000);
  const silentAt = (now: number): string[] => [...silence.silent(now).keys()];
  // Nothing is to be run.
  expect(silentAt(50_000)).toEqual([]);
  silence.begun(60_000);
  for (const place of ["fra", "nyc"]) silence.heard(place);
  silence.begun(64_000);
  expect(silentAt(69_999)).toEqual([]);
  expect(silentAt(70_000)).toEqual(["sgp"]);
  expect(silence.silent(72_500).get("sgp")).toBe(2500);
  silence.heard("sgp");
  expect(silentAt(73_999)).toEqual([]);
  expect(silentAt(74_000)).toEqual(["fra", "nyc"]);
});

test("an entry that no watch wrote is passed over", () => {
  const report0 = { kind: "report", key: "k", at: 5, certificates: [], ...report("fra", "error") } as const;
  const right: Entry[] = [
    report0,
    { ...report0, ...report("fra", "unknown") },
    { kind: "over", key: "k", at: 5 },
    { kind: "heartbeat", key: "k", at: 5, outcome: "warning", reason: "late", awaitedFrom: null },
    { kind: "cause", key: "k", at: 5, outcome: "suppressed", why: "port fails, which this depends on" },
    { kind: "judged", about: "location", key: "sgp", at: 5, reason: null },
    { kind: "judged", about: "watch", key: "", at: 5, reason: null, turned: [["k", 4]], after: "1780000000000-7" },
    { kind: "over", key: "k", at: 5, epoch: "1780000000000-7" },
    { kind: "clock", key: "", at: 5 },
  ];
  for (const entry of right) expect(decode(encode(entry))).toEqual(entry);
  const wrong = [
    "",
    "null",
    "[]",
    "{",
    '{"kind":"report","key":"k","at":5}',
    '{"kind":"over","at":5}',
    '{"kind":"other","key":"k","at":5}',
    '{"kind":"over","key":"k","at":5,"epoch":7}',
    '{"kind":"over","key":"k","at":5,"epoch":"later"}',
    '{"kind":"judged","about":"watch","key":"","at":5,"reason":null,"after":"later"}',
    '{"kind":"judged","key":"k","at":5}',
    '{"kind":"cause","key":"k","at":5,"outcome":"ok","why":null}',
    '{"kind":"cause","key":"k","at":5,"outcome":"error"}',
    '{"kind":"heartbeat","key":"k","at":5,"outcome":"error","reason":null}',
    JSON.stringify({ ...report0, run: { ...RUN, status: "fine" } }),
    JSON.stringify({ ...report0, run: { ...RUN, operations: [{ name: "connect", at_ms: "0", duration_ms: 9 }] } }),
    JSON.stringify({ ...report0, run: { ...RUN, operations: null } }),
    JSON.stringify({ ...report0, run: { ...RUN, failure: { phase: "connect" } } }),
  ];
  for (const text of wrong) expect(decode(text), text).toBeNull();
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => decode(text) === null));
});
