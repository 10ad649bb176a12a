import type { BrowserContext, CDPSession, Locator, Page, Response } from "playwright-core";
import { failure } from "../../schemas/failure.js";
import type { SocksProxy } from "../net/socks/proxy.js";
import { FailureError, failureError } from "../run/failure-error.js";
import { ENDED, type RunState } from "../run/run-state.js";
import type { BrowserPage, DocumentTimes, ElementFacts, ElementState, Moment } from "./browser-page.js";
import { failureOfNetError } from "./net-error.js";
import { PageEvents } from "./page-events.js";
import type { PrivateBrowser } from "./private-browser.js";
import { RequestLog } from "./request-log.js";
import { observeVitals, readVitals } from "./vitals.js";

const VITALS_MS = 1000;
/** Beyond a step's own time, for the browser to say that it is over. */
const ANSWER_MS = 500;
const MEMORY_EVERY_MS = 250;
const MAX_TEXT = 64 * 1024;

/** One page in a browser of its own. Every step ends with its time, with the run, or when the page does something that has no end. */
export class BrowserSession implements BrowserPage {
  readonly log: RequestLog;
  readonly events: PageEvents;
  readonly documents: DocumentTimes[] = [];
  readonly #secretElements: string[] = [];
  product = "";
  #cdp: CDPSession | null = null;
  #fatal: FailureError | null = null;
  #interrupt: (error: FailureError) => void = () => undefined;
  readonly #memoryTimer: NodeJS.Timeout;

  constructor(
    readonly state: RunState,
    readonly browser: PrivateBrowser,
    readonly proxy: SocksProxy,
    readonly context: BrowserContext,
    readonly page: Page,
    maxMemoryBytes: number,
  ) {
    this.log = new RequestLog(context);
    this.events = new PageEvents(context, page, (error) => this.over(error));
    this.#memoryTimer = setInterval(() => {
      if (this.browser.memoryBytes > maxMemoryBytes)
        this.over(failureError("step", "limit_exceeded", `the browser took more than ${maxMemoryBytes} bytes of memory`));
    }, MEMORY_EVERY_MS);
    this.#memoryTimer.unref();
  }

  /** The end of starting the browser, which has much to do of its own meanwhile: on a busy machine, each answer takes seconds. */
  async prepare(timeoutMs: number): Promise<void> {
    this.#cdp = await this.#guarded("navigate", timeoutMs, this.context.newCDPSession(this.page));
    await this.#guarded("navigate", timeoutMs, observeVitals(this.#cdp));
    await this.#guarded("navigate", timeoutMs, this.#readVersion());
  }

  async #readVersion(): Promise<void> {
    const { product } = await (this.#cdp as CDPSession).send("Browser.getVersion");
    this.product = product.slice(0, 100);
  }

  /** Ends what is being done, and everything after it. */
  over(error: FailureError): void {
    this.#fatal ??= error;
    this.#interrupt(this.#fatal);
  }

  get url(): string {
    return this.page.url();
  }

  get traffic(): BrowserPage["traffic"] {
    return this.proxy;
  }

  mask(text: string): string {
    return this.state.secrets.mask(text);
  }

  get fatal(): FailureError | null {
    return this.#fatal;
  }

  async goto(url: string, moment: Moment, timeoutMs: number): Promise<number | null> {
    const downloads = this.events.downloads.length;
    try {
      const response = await this.#guarded("navigate", timeoutMs, this.#navigate(url, moment, timeoutMs));
      return response?.status() ?? null;
    } catch (error) {
      throw this.#navigationFailure(error, url, downloads);
    }
  }

  /** A page may send its visitor on before it has loaded: then the next document counts. */
  async #navigate(url: string, moment: Moment, timeoutMs: number): Promise<Response | null> {
    try {
      return await this.page.goto(url, { waitUntil: moment, timeout: timeoutMs });
    } catch (error) {
      if (!/interrupted by another navigation/i.test((error as Error).message)) throw error;
      await this.page.waitForLoadState(moment === "commit" ? "domcontentloaded" : moment, { timeout: timeoutMs });
      return null;
    }
  }

  click(selector: string, count: number, timeoutMs: number): Promise<void> {
    return this.#step(timeoutMs, this.#element(selector).click({ clickCount: count, timeout: timeoutMs }));
  }

  hover(selector: string, timeoutMs: number): Promise<void> {
    return this.#step(timeoutMs, this.#element(selector).hover({ timeout: timeoutMs }));
  }

  async fill(selector: string, value: string, timeoutMs: number): Promise<void> {
    if (this.state.secrets.mask(value) !== value) this.#secretElements.push(selector);
    const element = this.#element(selector);
    const fill = async (): Promise<void> => {
      const isSelect = await element.evaluate((node) => node.nodeName === "SELECT", undefined, { timeout: timeoutMs });
      if (isSelect) await element.selectOption(value, { timeout: timeoutMs });
      else await element.fill(value, { timeout: timeoutMs });
    };
    await this.#step(timeoutMs, fill());
  }

  press(selector: string | undefined, key: string, timeoutMs: number): Promise<void> {
    return this.#step(timeoutMs, selector === undefined ? this.page.keyboard.press(key) : this.#element(selector).press(key, { timeout: timeoutMs }));
  }

  waitFor(selector: string, state: ElementState, timeoutMs: number): Promise<void> {
    return this.#step(timeoutMs, this.#element(selector).waitFor({ state, timeout: timeoutMs }));
  }

  async pause(milliseconds: number): Promise<void> {
    const done = new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref());
    await this.#guarded("step", milliseconds + ANSWER_MS, done);
  }

  async title(timeoutMs: number): Promise<string> {
    return (await this.#guarded("step", timeoutMs, this.page.title())).slice(0, MAX_TEXT);
  }

  async look(selector: string, timeoutMs: number): Promise<ElementFacts> {
    const look = async (): Promise<ElementFacts> => {
      const all = this.page.locator(selector);
      const count = await all.count();
      if (count === 0) return { count, text: null, value: null, visible: false };
      const facts = await all
        .first()
        .evaluate((node) => ({ text: node.textContent ?? "", value: "value" in node && typeof node.value === "string" ? node.value : null }), undefined, {
          timeout: timeoutMs,
        });
      return {
        count,
        text: String(facts.text).slice(0, MAX_TEXT).trim(),
        value: facts.value?.slice(0, MAX_TEXT) ?? null,
        visible: await all.first().isVisible(),
      };
    };
    return this.#guarded("step", timeoutMs, look());
  }

  screenshot(fullPage: boolean, timeoutMs: number): Promise<Buffer> {
    const mask = this.#secretElements.map((selector) => this.page.locator(selector));
    return this.#guarded("step", timeoutMs, this.page.screenshot({ fullPage, mask, maskColor: "#000000", timeout: timeoutMs }));
  }

  async noteVitals(): Promise<void> {
    if (this.#cdp === null || this.#fatal !== null || this.state.deadline.reason !== null) return;
    const giveUp = new Promise<null>((resolve) => setTimeout(() => resolve(null), VITALS_MS).unref());
    const times = await Promise.race([readVitals(this.#cdp).catch(() => null), giveUp, this.#ended()]);
    if (times === null) return;
    const index = this.documents.findIndex(({ time_origin }) => time_origin === times.time_origin);
    if (index >= 0) this.documents[index] = times;
    else if (this.documents.length < 50) this.documents.push(times);
  }

  async end(): Promise<void> {
    clearInterval(this.#memoryTimer);
    const isPolite = this.#fatal === null && this.state.deadline.reason === null;
    if (isPolite) await Promise.race([this.log.settled(), new Promise((resolve) => setTimeout(resolve, ANSWER_MS).unref())]);
    await this.browser.end(isPolite);
    this.proxy.close();
  }

  #ended(): Promise<null> {
    return new Promise((resolve) => void this.state.deadline.onEnd(() => resolve(null)));
  }

  #element(selector: string): Locator {
    return this.page.locator(selector).first();
  }

  async #step(timeoutMs: number, action: Promise<unknown>): Promise<void> {
    await this.#guarded("step", timeoutMs, action);
  }

  /** Rejects with a FailureError only. */
  async #guarded<Result>(phase: "navigate" | "step", timeoutMs: number, action: Promise<Result>): Promise<Result> {
    // What is given up may still fail.
    action.catch(() => undefined);
    if (this.#fatal !== null) throw this.#fatal;
    let timer: NodeJS.Timeout | undefined;
    let forget: () => void = () => undefined;
    const interrupted = new Promise<never>((_, reject) => {
      this.#interrupt = reject;
      forget = this.state.deadline.onEnd((reason) => reject(failureError(phase, reason, ENDED[reason])));
      timer = setTimeout(() => reject(failureError(phase, "timeout", `not done within ${timeoutMs} ms`)), timeoutMs + ANSWER_MS);
    });
    interrupted.catch(() => undefined);
    try {
      return await Promise.race([action, interrupted]);
    } catch (error) {
      throw this.#fatal ?? failureOf(error, phase, timeoutMs);
    } finally {
      clearTimeout(timer);
      forget();
      this.#interrupt = () => undefined;
    }
  }

  /** The proxy knows best why a connection failed, and for which host: the last one that the navigation asked for. */
  #navigationFailure(error: unknown, url: string, downloads: number): unknown {
    if (!(error instanceof FailureError) || error === this.#fatal) return error;
    const { code } = error.failure;
    if (code === "cancelled") return error;
    const last = this.log.requests.findLast(({ isNavigation }) => isNavigation)?.url ?? url;
    const known = this.proxy.failures.get(authorityOf(last));
    if (known !== undefined && code !== "timeout") return new FailureError(known);
    if (this.events.downloads.length > downloads) return failureError("navigate", "unsupported", `${url} is a download`);
    return error;
  }
}

function authorityOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname.replace(/^\[(.*)\]$/, "$1")}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}

function failureOf(error: unknown, phase: "navigate" | "step", timeoutMs: number): FailureError {
  if (error instanceof FailureError) return error;
  const { name, message } = error as Error;
  const known = failureOfNetError(message);
  if (known !== null) return new FailureError(known);
  if (name === "TimeoutError") return failureError(phase, "timeout", `not done within ${timeoutMs} ms`);
  if (/download is starting/i.test(message)) return failureError("navigate", "unsupported", "the URL is a download");
  if (/crash|closed/i.test(message)) return new FailureError(failure(phase, "closed", "the page has gone"));
  return failureError(phase, "unsupported", firstLine(message));
}

/** The rest is a call log, which repeats what was filled in. */
function firstLine(message: string): string {
  const [line = ""] = message.split("\n");
  return line.replace(/^[a-zA-Z.]{1,40}: /, "").slice(0, 300);
}
