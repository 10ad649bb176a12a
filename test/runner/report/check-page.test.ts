import { describe, expect, test } from "vitest";
import { type CheckDetails, type CheckStatus, checkPage } from "../../../runner/report/check-page.js";
import type { Sample } from "../../../runner/report/sample.js";
import { summarise } from "../../../runner/report/summarise.js";
import { comparedWaterfall, numbered } from "../../../runner/report/waterfall.js";

const NOW = Date.UTC(2026, 10, 29, 9, 0);
const sample = (connectMs: number): Sample => ({
  probe: "network.smtp@2",
  target: null,
  at: NOW,
  status: "ok",
  durationMs: connectMs + 5,
  failure: null,
  operations: [
    { name: "connect", atMs: 0, durationMs: connectMs },
    { name: "EHLO", atMs: connectMs, durationMs: 5 },
  ],
});
const typical = summarise([10, 20, 30].map(sample));
const details: CheckDetails = {
  probe: "network.smtp@2",
  target: "mx1",
  reason: null,
  last: { at: NOW, durationMs: 105, steps: [{ name: "connect", atMs: 0, durationMs: 100 }], envelope: '{"status":"ok"}' },
  typical,
  spans: [{ name: "24 hours", count: 1440, p50: 21, p90: 30, p99: 99 }],
  operations: [
    { name: "24 hours", rows: [] },
    { name: "90 days", rows: [{ name: "<connect>", count: 129_600, p50: 11, p90: 12, p99: 13 }] },
  ],
  failure: null,
};
const status = (fields: Partial<CheckStatus> = {}): CheckStatus => ({
  name: "mx1 greets",
  suite: "our mail",
  now: NOW,
  outcome: "ok",
  lastAt: NOW,
  days: [null],
  incidents: [],
  details,
  overview: "../",
  ...fields,
});

describe("the page of a check", () => {
  test("shows the last run beside the typical one, percentiles by operation, and the envelope folded", () => {
    const page = checkPage(status());
    expect(page).toContain("connect: 100 ms, median 20.0 ms");
    expect(page).toContain("EHLO: not in the last run, median 5.0 ms");
    expect(page).toMatch(/<th scope="row">connect<\/th><td class="number">3<\/td><td class="number">10\.0 ms<\/td><td class="number">20\.0 ms/);
    expect(page).toContain('<details><summary>Envelope of the last run</summary><pre tabindex="0">{\n  &quot;status&quot;: &quot;ok&quot;\n}</pre>');
    expect(page).toMatch(/24 hours<\/th><td class="number">1440<\/td><td class="number">21\.0 ms/);
    expect(page).toMatch(/By operation, over 90 days<\/caption>.*&lt;connect&gt;<\/th><td class="number">129600<\/td><td class="number">11\.0 ms/s);
    expect(page).not.toContain("By operation, over 24 hours");
    expect(page).toContain('<a href="../">our mail</a>');
  });

  test("a public one has neither probe, target, reason, times nor envelope", () => {
    const page = checkPage(status({ details: null, outcome: "error" }));
    expect(page).toContain("mx1 greets");
    expect(page).toContain("✘ error</span>");
    expect(page).not.toMatch(/network\.smtp|<pre|Last run|Percentiles/);
  });

  test("no text of a server is markup, turns the direction of text, or leaves the page", () => {
    const hostile = `<img src=x onerror=alert(1)>"'&\u202e`;
    const last = { at: NOW, durationMs: 1, steps: [{ name: hostile, atMs: 0, durationMs: null }], envelope: JSON.stringify({ message: hostile }) };
    const failure = { at: NOW, reason: hostile, output: JSON.stringify([hostile]) };
    const page = checkPage(status({ name: hostile, suite: hostile, details: { ...details, probe: hostile, target: hostile, reason: hostile, last, failure } }));
    expect(page).not.toMatch(/<img|<script|https?:\/\/|url\(|\u202e/);
  });

  test("before the first run it says so", () => {
    expect(checkPage(status({ details: { ...details, last: null, typical: summarise([]) } }))).toContain("No run has ended since the watch was started.");
  });
});

describe("the waterfall", () => {
  test("bars are to scale: an operation that takes twice as long is twice as wide", () => {
    const picture = comparedWaterfall(
      [
        { name: "a", atMs: 0, durationMs: 100 },
        { name: "b", atMs: 100, durationMs: 50 },
      ],
      [],
    );
    const [first, second] = [...picture.matchAll(/class="own" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(([, x, width]) => ({
      x: Number(x),
      width: Number(width),
    }));
    expect((first?.width ?? 0) / (second?.width ?? 1)).toBeCloseTo(2, 1);
    expect(second?.x).toBeCloseTo((first?.x ?? 0) + (first?.width ?? 0), 0);
  });

  test("a second operation of a name is one of its own", () => {
    const step = { name: "EHLO", atMs: 0, durationMs: 1 };
    expect(numbered([step, step, { ...step, name: "QUIT" }]).map(({ name }) => name)).toEqual(["EHLO", "EHLO#2", "QUIT"]);
  });

  test("hundreds of operations make a bounded picture", () => {
    const steps = Array.from({ length: 500 }, (_, index) => ({ name: `s${index}`, atMs: index, durationMs: 1 }));
    expect(comparedWaterfall(steps, []).match(/<g>/g)).toHaveLength(60);
  });
});
