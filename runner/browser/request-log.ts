import type { BrowserContext, Request } from "playwright-core";
import type { LoggedRequest } from "./browser-page.js";

/** More are counted only. */
const MAX_LOGGED = 2000;

/** What the pages of a browser request, as it happens. */
export class RequestLog {
  count = 0;
  failedCount = 0;
  readonly requests: LoggedRequest[] = [];
  readonly #byRequest = new WeakMap<Request, LoggedRequest>();
  readonly #sizes: Promise<void>[] = [];

  constructor(context: BrowserContext) {
    context.on("request", (request) => this.#began(request));
    context.on("response", (response) => {
      const logged = this.#byRequest.get(response.request());
      if (logged !== undefined) Object.assign(logged, { status: response.status(), responseHeaders: response.headers() });
    });
    context.on("requestfinished", (request) => this.#finished(request));
    context.on("requestfailed", (request) => this.#failed(request));
  }

  /** The sizes of what has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#sizes);
  }

  #began(request: Request): void {
    this.count += 1;
    const url = request.url();
    if (this.requests.length >= MAX_LOGGED || url.startsWith("data:") || url.startsWith("blob:")) return;
    const { startTime } = request.timing();
    const logged: LoggedRequest = {
      ...{ url, method: request.method(), resourceType: request.resourceType() },
      startedAt: startTime > 0 ? startTime : Date.now(),
      ...{ durationMs: null, status: null, error: null, isNavigation: request.isNavigationRequest() },
      ...{ connectMs: null, tlsMs: null, waitMs: null, receiveMs: null, bytes: null },
      ...{ requestHeaders: request.headers(), responseHeaders: {} },
    };
    this.#byRequest.set(request, logged);
    this.requests.push(logged);
  }

  #finished(request: Request): void {
    const logged = this.#byRequest.get(request);
    if (logged === undefined) return;
    takeTimes(logged, request);
    const sizes = request.sizes().then(({ responseHeadersSize, responseBodySize }) => {
      logged.bytes = Math.max(0, responseHeadersSize) + Math.max(0, responseBodySize);
    });
    this.#sizes.push(sizes.catch(() => undefined));
  }

  #failed(request: Request): void {
    this.failedCount += 1;
    const logged = this.#byRequest.get(request);
    if (logged === undefined) return;
    logged.error = request.failure()?.errorText.slice(0, 200) ?? "failed";
    takeTimes(logged, request);
  }
}

function takeTimes(logged: LoggedRequest, request: Request): void {
  const { startTime, connectStart, connectEnd, secureConnectionStart, requestStart, responseStart, responseEnd } = request.timing();
  const between = (from: number, to: number): number | null => (from < 0 || to < from ? null : to - from);
  if (startTime > 0) Object.assign(logged, { startedAt: startTime });
  logged.connectMs = between(connectStart, connectEnd);
  logged.tlsMs = secureConnectionStart < 0 ? null : between(secureConnectionStart, connectEnd);
  logged.waitMs = between(requestStart, responseStart);
  logged.receiveMs = between(responseStart, responseEnd);
  logged.durationMs = responseEnd >= 0 ? responseEnd : Math.max(0, Date.now() - logged.startedAt);
}
