import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { findBrowser } from "../../runner/browser/find-browser.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const VIEWS = [
  ["light", { colorScheme: "light", viewport: { width: 1280, height: 900 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 900 } }],
  ["narrow", { colorScheme: "light", viewport: { width: 360, height: 800 } }],
] as const;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"], timeout: 60_000 });
}

/** Opens a page, and collects what it must not do: errors on the console, and requests elsewhere than to `origin`. */
export async function openPage(
  browser: Browser,
  url: string,
  origin: string,
  options: Parameters<Browser["newPage"]>[0],
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage(options);
  const wrong: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && wrong.push(message.text())));
  page.on("pageerror", (error) => void wrong.push(error.message));
  page.on("request", (request) => void (request.url().startsWith(origin) || wrong.push(request.url())));
  await page.goto(url, { timeout: 60_000 });
  await work(page);
  await page.close();
  // A browser asks for this by itself.
  expect(wrong.filter((each) => !each.includes("favicon") && !each.includes("404"))).toEqual([]);
}

/** Nothing is wider than the window, and axe has no serious finding. A picture is left for people to look at. */
export async function expectGoodView(page: Page, width: number, folder: string, picture: string): Promise<void> {
  const pictures = join(".probe-run", "pictures", folder);
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${picture}.png`), fullPage: true });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => ({ id, html: nodes.map((node) => node.html) }))).toEqual([]);
}
