import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { findBrowser } from "../../../runner/browser/find-browser.js";
import type { ChecksAnswer } from "../../../schemas/status-api.js";
import { realServer } from "../../support/real-servers.js";
import { startSwitch, startWatching, type Watching } from "../watch/watching.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** For people to look at. */
const PICTURES = join(".probe-run", "pictures", "status-page");

realServer("the status page in a browser", ["chromium"], () => {
  let folder: string;
  let site: Awaited<ReturnType<typeof startSwitch>>;
  let watching: Watching;
  let browser: Browser;
  let key: string;

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
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
    browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"], timeout: 60_000 });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await watching?.stop();
    await site.close();
    rmSync(folder, { recursive: true });
  }, 60_000);

  /** Opens a page, and collects what it must not do. */
  async function opened(path: string, options: Parameters<Browser["newPage"]>[0], work: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.newPage(options);
    const wrong: string[] = [];
    page.on("console", (message) => void (message.type() === "error" && wrong.push(message.text())));
    page.on("pageerror", (error) => void wrong.push(error.message));
    page.on("request", (request) => void (request.url().startsWith(`${watching.address}/`) || wrong.push(request.url())));
    await page.goto(`${watching.address}${path}`, { timeout: 60_000 });
    await work(page);
    await page.close();
    // A browser asks for this by itself.
    expect(wrong.filter((each) => !each.includes("favicon") && !each.includes("404"))).toEqual([]);
  }

  const VIEWS = [
    ["light", { colorScheme: "light", viewport: { width: 1280, height: 900 } }],
    ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 900 } }],
    ["narrow", { colorScheme: "light", viewport: { width: 360, height: 800 } }],
  ] as const;
  const PAGES = [
    ["overview", () => "/?reload=no"],
    ["check", () => `/check/${key}`],
  ] as const;

  test.each(VIEWS.flatMap(([view, options]) => PAGES.map(([name, path]) => ({ view, options, name, path }))))(
    "$name, $view: no console error, no foreign request, nothing wider than the window, no serious finding of axe",
    async ({ view, options, name, path }) => {
      await opened(path(), options, async (page) => {
        await page.screenshot({ path: join(PICTURES, `${name}-${view}.png`), fullPage: true });
        const width = await page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBeLessThanOrEqual(options.viewport.width);
        await page.evaluate(AXE);
        const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        expect(serious.map(({ id, nodes }) => ({ id, html: nodes.map((node) => node.html) }))).toEqual([]);
      });
    },
    120_000,
  );

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
