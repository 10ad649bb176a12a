import { EventEmitter } from "node:events";
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { afterEach, expect, test, vi } from "vitest";
import { PrivateBrowser } from "../../../runner/browser/private-browser.js";
import { BrowserSession } from "../../../runner/browser/session.js";
import { SocksProxy } from "../../../runner/net/socks/proxy.js";
import { testRun } from "../../support/smtp-context.js";

afterEach(() => void vi.useRealTimers());

test("a browser has as long for its first answers as for its start", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { state } = testRun();
  const policy = { refuseHost: () => null, refuseAddress: () => null, connectTimeoutMs: 1000, maxBytes: 1e9, exceeded: () => undefined };
  const proxy = await SocksProxy.start({ run: () => state, ...policy });
  // Playwright's side of a browser whose machine is busy.
  let answer: (cdp: CDPSession) => void = () => undefined;
  const context = Object.assign(new EventEmitter(), { newCDPSession: () => new Promise<CDPSession>((resolve) => (answer = resolve)) });
  const cdp = { send: async () => ({ product: "Chrome/1" }) } as unknown as CDPSession;
  const session = new BrowserSession(state, new PrivateBrowser(), proxy, context as unknown as BrowserContext, new EventEmitter() as unknown as Page, 1e9);
  const prepared = session.prepare(30_000);
  vi.advanceTimersByTime(29_000);
  answer(cdp);
  await prepared;
  expect(session.product).toBe("Chrome/1");
  await session.end();
  state.deadline.release();
});
