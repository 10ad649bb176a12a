import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportPage } from "../../../runner/report/report-page.js";
import { type Sample, sampleOf } from "../../../runner/report/sample.js";
import { suiteReport } from "../../../runner/report/suites/suite-report.js";
import type { CheckRun } from "../../../runner/report/suites/suite-run.js";
import { summarise } from "../../../runner/report/summarise.js";
import { expectGoodView, launchBrowser, openPage, VIEWS } from "../../support/page-views.js";
import { realServer } from "../../support/real-servers.js";

const NOW = Date.UTC(2026, 10, 29, 9, 0);
const output = (connectMs: number, isRefused: boolean) => ({
  status: isRefused ? "error" : "ok",
  failure: isRefused ? { phase: "connect", code: "refused", message: "connection refused" } : null,
  operations: [
    { name: "connect", at_ms: 0, duration_ms: connectMs, code: null, message: null },
    { name: "a certificate and its whole chain", at_ms: connectMs, duration_ms: 12, code: 250, message: "hi" },
  ],
  duration_ms: connectMs + 12,
  target_host: "mx.example.org",
});

function reports(): Record<string, string> {
  const outputs = Array.from({ length: 300 }, (_, index) => output(1 + (index % 37), index % 40 === 0));
  const samples = outputs.map((each) => sampleOf(each) as Sample);
  const baseline = { name: "before.jsonl", summary: summarise(samples.slice(100)) };
  const checks = outputs.slice(0, 45).map(
    (each, index): CheckRun => ({
      name: `network.smtp@2 check number ${index % 9}`,
      target: `mx${Math.floor(index / 9)}.example.org`,
      state: each.status === "ok" ? "passed" : index === 0 ? "failed" : "skipped",
      startedAt: NOW,
      place: "mail.yaml:9:5",
      tries: [{ probe: "network.smtp@2.0.0", reasons: ["status: expected ok or warning, got error (refused in connect)"], output: each }].flatMap((tried) => [
        tried,
        tried,
      ]),
    }),
  );
  return {
    results: reportPage(summarise(samples), { title: "mail, after the move", baseline, notes: [] }),
    suites: suiteReport([{ name: "our mail", file: "mail.yaml", problems: [], checks }], { title: "our mail", startedAt: NOW, endedAt: NOW + 5000 }),
  };
}

realServer("reports in a browser", ["chromium"], () => {
  let folder: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-reports-"));
    for (const [name, text] of Object.entries(reports())) writeFileSync(join(folder, `${name}.html`), text);
    browser = await launchBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  }, 60_000);

  const opened = (name: string, options: Parameters<Browser["newPage"]>[0], work: Parameters<typeof openPage>[4]): Promise<void> => {
    const url = pathToFileURL(join(folder, `${name}.html`)).href;
    return openPage(browser, url, url, options, work);
  };

  test.each(VIEWS.flatMap(([view, options]) => ["results", "suites"].map((name) => ({ view, options, name }))))(
    "$name, $view: no console error, no request, nothing wider than the window, no serious finding of axe",
    ({ view, options, name }) => opened(name, options, (page) => expectGoodView(page, options.viewport.width, "reports", `${name}-${view}`)),
    120_000,
  );

  test("by keyboard alone: from a failed check in the table to its reason", async () => {
    await opened("suites", { viewport: { width: 1280, height: 900 } }, async (page) => {
      for (let count = 0; count < 30 && (await page.evaluate("document.activeElement.tagName")) !== "A"; count++) await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.textContent")).toContain("✘ failed");
      await page.keyboard.press("Enter");
      expect(await page.evaluate("document.querySelector(':target .wrong').textContent")).toContain("refused in connect");
    });
  }, 120_000);
});
