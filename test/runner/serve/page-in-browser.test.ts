import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ChecksAnswer } from "../../../schemas/status-api.js";
import { expectGoodView, launchBrowser, openPage, VIEWS } from "../../support/page-views.js";
import { realServer } from "../../support/real-servers.js";
import { startSwitch, startWatching, type Watching } from "../watch/watching.js";

realServer("the status page in a browser", ["chromium"], () => {
  let folder: string;
  let site: Awaited<ReturnType<typeof startSwitch>>;
  let watching: Watching;
  let browser: Browser;
  let key: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-page-"));
    site = await startSwitch();
    site.down.add("/back");
    const checks = ["front", "back"].map((name) => `  - { probe: webapp.http, name: ${name}, input: { url: "${site.origin}/${name}" } }`);
    const others = ["a", "b", "c"].map((name) => `  - { probe: webapp.http, name: ${name}, targets: [shop], input: { url: "${site.origin}/${name}" } }`);
    const text = `name: our sites\nwatch: { every: 1s, fire_after: 2 }\ntargets: { shop: {} }\nchecks:\n${[...checks, ...others].join("\n")}\n`;
    writeFileSync(join(folder, "checks.yaml"), text);
    watching = await startWatching("checks.yaml", folder, ["--history", "history.db"]);
    await vi.waitFor(
      async () => {
        const {
          checks: [first],
        } = (await (await fetch(`${watching.address}/api/v1/checks`)).json()) as ChecksAnswer;
        expect(first?.incident).not.toBeNull();
        key = first?.key as string;
      },
      { timeout: 60_000, interval: 200 },
    );
    browser = await launchBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await watching?.stop();
    await site.close();
    rmSync(folder, { recursive: true });
  }, 60_000);

  const opened = (path: string, options: Parameters<Browser["newPage"]>[0], work: (page: Page) => Promise<void>): Promise<void> =>
    openPage(browser, `${watching.address}${path}`, `${watching.address}/`, options, work);

  const PAGES = [
    ["overview", () => "/?reload=no"],
    ["check", () => `/check/${key}`],
  ] as const;

  test.each(VIEWS.flatMap(([view, options]) => PAGES.map(([name, path]) => ({ view, options, name, path }))))(
    "$name, $view: no console error, no foreign request, nothing wider than the window, no serious finding of axe",
    async ({ view, options, name, path }) => {
      await opened(path(), options, (page) => expectGoodView(page, options.viewport.width, "status-page", `${name}-${view}`));
    },
    120_000,
  );

  test("the bars of all checks stand in one column, whatever their rows say", async () => {
    await opened("/?reload=no", { viewport: { width: 1280, height: 900 } }, async (page) => {
      await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
      const lefts = (await page.evaluate("[...document.querySelectorAll('.checks .bars')].map((each) => each.getBoundingClientRect().left)")) as number[];
      const states = await page.evaluate("[...document.querySelectorAll('.checks .state')].map((each) => each.textContent)");
      expect(lefts).toHaveLength(5);
      expect(new Set(states as string[]).size).toBeGreaterThan(1);
      expect(new Set(lefts).size).toBe(1);
    });
  }, 120_000);

  test("by keyboard alone: from the overview to a check, its envelope, and back; the focus can be seen", async () => {
    await opened("/?reload=no", { viewport: { width: 1280, height: 900 } }, async (page) => {
      await page.keyboard.press("Tab");
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/check\//);
      for (let count = 0; count < 20 && (await page.evaluate("document.activeElement.tagName")) !== "SUMMARY"; count++) await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await page.evaluate("document.querySelector('details').open")).toBe(true);
      expect(await page.textContent("details[open] pre")).toContain('"status": "error"');
      await page.evaluate("document.activeElement.blur()");
      await page.keyboard.press("Home");
      await page.focus("nav a");
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/$/);
    });
  }, 120_000);

  test("without script everything is there", async () => {
    await opened(`/check/${key}`, { javaScriptEnabled: false }, async (page) => {
      expect(await page.textContent("body")).toContain("Percentiles by operation");
    });
  }, 120_000);
});
