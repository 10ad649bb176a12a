import { describe, expect, test } from "vitest";
import { suiteReport } from "../../../runner/report/suites/suite-report.js";
import type { CheckRun, CheckTried, SuiteRun } from "../../../runner/report/suites/suite-run.js";

const STARTED = Date.UTC(2026, 10, 29, 9, 0);
const OPTIONS = { title: "our mail", startedAt: STARTED, endedAt: STARTED + 5000 };

const output = (connectMs: number, fields: object = {}) => ({
  status: "ok",
  failure: null,
  ip_address: "192.0.2.7",
  connected_time: "2026-11-29T09:00:00.000000Z",
  operations: [
    { name: "connect", at_ms: 0, duration_ms: connectMs, code: null, message: null },
    { name: "EHLO", at_ms: connectMs, duration_ms: 5, code: 250, message: "hi" },
  ],
  duration_ms: connectMs + 5,
  ...fields,
});
const tried = (connectMs: number, reasons: readonly string[] = [], fields: object = {}): CheckTried => ({
  probe: "network.smtp@2.0.0",
  reasons,
  output: output(connectMs, fields),
});
const check = (fields: Partial<CheckRun> = {}): CheckRun => ({
  name: "network.smtp@2 greets",
  target: "mx1",
  state: "passed",
  startedAt: STARTED,
  place: null,
  tries: [tried(10)],
  ...fields,
});
const suite = (checks: readonly CheckRun[], fields: Partial<SuiteRun> = {}): SuiteRun => ({
  name: "our mail",
  file: "mail.yaml",
  problems: [],
  checks,
  ...fields,
});
const failed = (fields: Partial<CheckRun> = {}): CheckRun =>
  check({ target: "mx2", state: "failed", place: "mail.yaml:9:5", tries: [tried(30, ["banner: expected bonjour"])], ...fields });

/** Every link within the page leads to something. */
function linksOf(page: string): string[] {
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id as string);
  expect(links.filter((id) => !ids.has(id))).toEqual([]);
  return links;
}

describe("the report of suites", () => {
  test("says first what failed, where and why, beside the other runs of the check", () => {
    const page = suiteReport([suite([check(), check({ target: "mx3", tries: [tried(20)] }), failed()])], OPTIONS);
    expect(page).toContain("✘ 1 of 3 checks failed.");
    expect(page).toMatch(/✘ mx2 network\.smtp@2 greets<\/h3> <span class="soft">mail\.yaml:9:5/);
    expect(page).toContain("banner: expected bonjour");
    expect(page.indexOf("banner: expected bonjour")).toBeLessThan(page.indexOf("<h2>Checks</h2>"));
    // The median of 10 and 20 by nearest rank is 10; its own 30 is not among them.
    expect(page).toContain("connect: 30.0 ms, median 10.0 ms");
    expect(linksOf(page)).toEqual(["passed-1", "passed-2", "failed-1"]);
  });

  test("shows each try of a check that was retried, also of one that passed at last", () => {
    const tries = [tried(1, ["greeting: 421 busy"]), tried(2, ["greeting: 421 still busy"]), tried(3)];
    const page = suiteReport([suite([check({ tries })])], OPTIONS);
    expect(page).toContain("✔ The check passed.");
    expect(page).toContain("8.0 ms (3 tries)");
    expect(page).toMatch(/Try 1, 6\.0 ms:<p class="reason">greeting: 421 busy/);
    expect(page).toMatch(/Try 2, 7\.0 ms:<p class="reason">greeting: 421 still busy/);
    expect(page).toMatch(
      />our mail <span class="soft">mail\.yaml<\/span><\/th><td class="number">1<\/td><td class="number">0<\/td><td class="number">0<\/td><td class="number">1</,
    );
  });

  test("has a row for each check and a column for each target; a check that one target lacks is an empty cell", () => {
    const other = { name: "network.tcp port" };
    const page = suiteReport([suite([check(), failed(), check({ ...other }), check({ ...other, target: "mx3", state: "skipped", tries: [] })])], OPTIONS);
    const table = /<caption>our mail<\/caption>(.*?)<\/table>/s.exec(page)?.[1] ?? "";
    const cells = [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
      [...(row as string).matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => (cell as string).replace(/<[^>]+>/g, "")),
    );
    expect(cells).toEqual([
      ["Check", "mx1", "mx2", "mx3"],
      ["network.smtp@2 greets", "✔ 15.0 ms", "✘ failed", ""],
      ["network.tcp port", "✔ 15.0 ms", "", "– skipped"],
    ]);
  });

  test("counts failures by phase and code, and those of an expectation", () => {
    const refused = { status: "error", failure: { phase: "connect", code: "refused", message: "connection refused" } };
    // A probe's failure that a check expects is none.
    const expected = check({ target: "mx4", tries: [tried(1, [], { ...refused, failure: { ...refused.failure, code: "timeout" } })] });
    const page = suiteReport([suite([failed({ tries: [tried(1, ["status: expected ok"], refused)] }), failed(), expected])], OPTIONS);
    const table = page.slice(page.indexOf("<h2>Failures</h2>"), page.indexOf("<h2>Passed</h2>"));
    expect(table).toMatch(/<td>connect<\/td><td>refused<\/td>/);
    expect(table).toMatch(/<td>–<\/td><td>expectation<\/td><td class="soft">banner: expected bonjour/);
    expect(table).not.toContain("timeout");
  });

  test("a suite that could not be run, a check without a result, and nothing at all", () => {
    const broken = suite([], { problems: ["mail.yaml:1:1: no such field"] });
    expect(suiteReport([broken], OPTIONS)).toContain("✘ 1 of 1 suites could not be run to their end.");
    expect(suiteReport([broken], OPTIONS)).toContain("mail.yaml:1:1: no such field");
    const thrown = failed({ tries: [{ probe: "own.probe", reasons: ["it broke"], output: null }] });
    expect(suiteReport([suite([thrown])], OPTIONS)).toContain("own.probe gave no result.");
    expect(suiteReport([suite([failed({ tries: [] })])], OPTIONS)).toContain("It was not run.");
    expect(suiteReport([suite([check({ state: "skipped", tries: [] })])], OPTIONS)).toContain("No check was run.");
  });

  test("no text of a suite or a server is markup, turns the direction of text, or leaves the page", () => {
    const hostile = `<img src=x onerror=alert(1)>"'&\u202e`;
    const fields = { ip_address: hostile, banner: hostile, operations: [{ name: hostile, at_ms: 0, duration_ms: 1 }] };
    const own = { name: hostile, target: hostile, place: hostile };
    const wrong = { status: "error", failure: { phase: hostile, code: hostile, message: hostile } };
    const checks = [failed({ ...own, tries: [{ ...tried(1, [hostile], { ...fields, ...wrong }), probe: hostile }, tried(1, [hostile], fields)] }), check(own)];
    const page = suiteReport([suite(checks, { name: hostile, file: hostile, problems: [hostile] })], { ...OPTIONS, title: hostile });
    expect(page).not.toMatch(/<img|<script|https?:\/\/|url\(|\u202e/);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  test("20,000 checks with long texts make a page of less than 5 MB, whose links lead somewhere", () => {
    const long = "ü".repeat(5000);
    const many = Array.from({ length: 20_000 }, (_, index) => {
      const own = { name: `check ${index % 500} ${index % 7 === 0 ? long : ""}`, target: `mx${Math.floor(index / 500)}` };
      return index % 2 === 0 ? failed({ ...own, tries: [tried(index % 31, [long], { banner: long })] }) : check(own);
    });
    const page = suiteReport([suite(many)], OPTIONS);
    expect(Buffer.byteLength(page)).toBeLessThan(5_000_000);
    expect(linksOf(page).length).toBeGreaterThan(100);
    expect(page).toMatch(/and \d+ more checks, for which this page has no space/);
    expect(page).toContain("10000 of 20000 checks failed");
  });
});
