import type { History } from "../../history/history.js";
import { CheckReader } from "../../history/of-check.js";
import type { HttpAnswer, HttpAsked } from "../../net/http/serve.js";
import { CONTENT_SECURITY_POLICY } from "../../report/page.js";
import { METRICS_TYPE } from "../../support/prometheus.js";
import { checksView } from "../../watch/checks-view.js";
import { watchMetrics } from "../../watch/metrics.js";
import type { Watch } from "../../watch/watch.js";
import { checkPageOf } from "./check-details.js";
import { Overview } from "./overview.js";
import type { RecentRuns } from "./recent-runs.js";

export interface SiteOptions {
  /** The watch changes when its file does. */
  current(): Watch;
  readonly history: History;
  readonly runs: RecentRuns;
  readonly isPublic: boolean;
}

const RELOAD_SECONDS = 60;
const HTML = "text/html; charset=utf-8";
const PAGE_HEADERS = { "content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer" };

/** What a watch serves: pages for people, and what programs ask. */
export class StatusSite {
  readonly #reader: CheckReader;
  #overview: Overview | null = null;

  constructor(readonly options: SiteOptions) {
    this.#reader = new CheckReader(options.history.driver);
  }

  async answer(path: string, asked: HttpAsked): Promise<HttpAnswer> {
    const { book, certificates, watcher, history } = this.options.current();
    if (path === "/") return this.#front(asked);
    if (path.startsWith("/check/")) return this.#check(path.slice("/check/".length));
    if (path === "/healthz") return { status: 200, text: "ok\n" };
    if (path === "/metrics") return { status: 200, text: watchMetrics(book, certificates, watcher.counts, history), type: METRICS_TYPE };
    if (path === "/api/v1/checks") return { status: 200, text: `${JSON.stringify(checksView(book, this.options.isPublic))}\n`, type: "application/json" };
    return { status: 404, text: "there are /, /healthz, /metrics and /api/v1/checks\n" };
  }

  #front({ query }: HttpAsked): HttpAnswer {
    const page = wholeNumber(query.get("page"));
    const isStill = query.get("reload") === "no";
    const at = page === 1 ? "" : `page=${page}`;
    const still = { href: `?${[at, "reload=no"].filter((part) => part !== "").join("&")}`, text: "Stop reloading this page" };
    const reloading = { href: at === "" ? "." : `?${at}`, text: `Reload this page every ${RELOAD_SECONDS} s` };
    const links = [isStill ? reloading : still];
    const text = this.#currentOverview().page(Date.now(), {
      isPublic: this.options.isPublic,
      page,
      links,
      query: isStill ? "&reload=no" : "",
      hrefOf: (key) => `check/${key}`,
    });
    return htmlAnswer(text, isStill);
  }

  #check(key: string): HttpAnswer {
    const overview = this.#currentOverview();
    const { book } = overview;
    const check = book.plan.checks.find((each) => each.key === key);
    if (check === undefined) return { status: 404, text: "there is no such check\n" };
    const sources = { book, overview, reader: this.#reader, runs: this.options.runs };
    return htmlAnswer(checkPageOf(check, sources, this.options.isPublic, Date.now(), "../"), true);
  }

  #currentOverview(): Overview {
    const { book } = this.options.current();
    if (this.#overview?.book === book) return this.#overview;
    this.options.runs.keepOnly(new Set(book.plan.checks.map(({ key }) => key)));
    this.#overview = new Overview(book, this.options.history);
    return this.#overview;
  }
}

/** The browser loads the page again by a header field; a page that did so by itself could not be stopped by its reader. */
function htmlAnswer(text: string, isStill: boolean): HttpAnswer {
  return { status: 200, text, type: HTML, headers: isStill ? PAGE_HEADERS : { ...PAGE_HEADERS, refresh: String(RELOAD_SECONDS) } };
}

function wholeNumber(written: string | null): number {
  return written !== null && /^\d{1,6}$/.test(written) ? Math.max(1, Number(written)) : 1;
}
