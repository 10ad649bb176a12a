import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Day } from "../../../runner/report/day-bars.js";
import { availability, dayBars, measuredShare, percent } from "../../../runner/report/day-bars.js";
import { CONTENT_SECURITY_POLICY } from "../../../runner/report/page.js";
import { type Status, type StatusCheck, statusPage } from "../../../runner/report/status-page.js";

const NOW = Date.UTC(2026, 10, 29, 9, 0);
const fine: Day = { fine: 1440, failed: 0, unmeasured: 0 };
const check = (fields: Partial<StatusCheck>): StatusCheck => ({
  name: "mx1 greets",
  href: "check/0123456789abcdef",
  outcome: "ok",
  reason: null,
  incident: null,
  days: new Array<Day | null>(90).fill(fine),
  ...fields,
});
const status = (checks: readonly StatusCheck[], fields: Partial<Status> = {}): Status => ({
  title: "our mail",
  now: NOW,
  checks,
  wrong: checks.filter(({ incident }) => incident !== null),
  unmeasured: checks.filter(({ outcome }) => outcome === "unknown").length,
  total: checks.length,
  incidents: [],
  paging: { page: 1, pages: 1, query: "" },
  links: [],
  ...fields,
});
const open = { openedAt: NOW - 3 * 3_600_000, isFlapping: false };

test("what is wrong stands first: since when, and why", () => {
  const page = statusPage(status([check({}), check({ name: "mx2 greets", outcome: "error", incident: open, reason: "refused in connect" })]));
  const now = page.slice(page.indexOf("<h2>Now"), page.indexOf("<h2>Checks"));
  expect(now).toContain("mx2 greets");
  expect(now).toContain('<time datetime="2026-11-29T06:00:00.000Z">');
  expect(now).toContain("(3 h 0 min)");
  expect(now).toContain("refused in connect");
  expect(now).not.toContain("mx1 greets");
  expect(page).toContain("<title>(1) our mail</title>");
});

test("without incidents the page says so, and lists what is not measured", () => {
  const page = statusPage(status([check({}), check({ outcome: "unknown", reason: "the secret is too short" })]));
  expect(page).toContain("the secret is too short");
  expect(page).toContain("✔ No incident is open.");
  expect(page).toContain("1 of 2 checks is not measured");
});

test("no text of a check is markup, and no script or request is in it", () => {
  const hostile = `<script>alert(1)</script>"'&\u202e`;
  const page = statusPage(
    status([check({ name: hostile, outcome: "error", incident: open, reason: hostile })], {
      title: hostile,
      incidents: [{ name: hostile, openedAt: 0, closedAt: null, isFlapping: true, reason: hostile }],
    }),
  );
  expect(page).not.toMatch(/<script|javascript:|https?:\/\/|src=|url\(/);
  expect(page).not.toContain("\u202e");
  expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u202e");
});

test("the policy allows the page's own style and nothing else", () => {
  const style = /<style>([\s\S]*)<\/style>/.exec(statusPage(status([])))?.[1] as string;
  expect(CONTENT_SECURITY_POLICY).toContain(`style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  expect(CONTENT_SECURITY_POLICY).toContain("default-src 'none'");
});

test("100 checks with days of every kind take at most 100 kB", () => {
  const kinds: (Day | null)[] = [fine, { fine: 1439, failed: 1, unmeasured: 0 }, { fine: 700, failed: 740, unmeasured: 0 }, null];
  const days = Array.from({ length: 90 }, (_, index) => kinds[(index * 7) % 11 < 8 ? 0 : index % 4] as Day | null);
  const checks = Array.from({ length: 100 }, (_, index) => check({ name: `mx${index} network.smtp@2 greets within 200 ms`, days }));
  expect(Buffer.byteLength(statusPage(status(checks)))).toBeLessThan(100_000);
});

test("checks of a target are folded together, and open where one is not ok", () => {
  const page = statusPage(
    status([check({ group: "mx1" }), check({ group: "mx1", outcome: "error" }), check({ group: "mx2" }), check({ group: "mx2" }), check({ group: "mx3" })]),
  );
  expect(page).toContain('<details open><summary>mx1: 2 checks, <span class="warning">▲ 1 not ok');
  expect(page).toContain('<details><summary>mx2: 2 checks, <span class="ok">✔ all ok');
  expect(page).not.toContain("mx3: ");
});

test("a page of many links to its neighbours", () => {
  const page = statusPage(status([check({})], { paging: { page: 2, pages: 3, query: "&reload=no" } }));
  expect(page).toContain('<a href="?page=1&amp;reload=no">');
  expect(page).toContain("Page 2 of 3");
  expect(page).toContain('<a href="?page=3&amp;reload=no">');
});

test("days of a kind that follow each other are one shape, and each kind has its own height", () => {
  const bars = dayBars([fine, fine, { fine: 0, failed: 3, unmeasured: 0 }, null, fine]);
  expect(bars).toContain('<path class="fine" d="M0 12h5M12 12h2"/>');
  expect(bars).toContain('<path class="failed" d="M6 9h2"/>');
  expect(bars).toContain('<path class="unmeasured" d="M9 17.5h2"/>');
  expect(bars).toContain('aria-label="5 days: 1 with failures, 1 without measurements"');
});

test("shares are of what was measured, and never rounded up", () => {
  const days = [fine, { fine: 99_999, failed: 1, unmeasured: 100 }, null];
  expect(availability(days)).toBeCloseTo(0.99999, 5);
  expect(percent(availability(days))).toBe("99.99 %");
  expect(percent(availability([fine]))).toBe("100 %");
  expect(percent(availability([null]))).toBe("–");
  expect(measuredShare([{ fine: 1, failed: 0, unmeasured: 3 }])).toBe(0.25);
});
