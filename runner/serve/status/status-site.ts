import type { HistoryClient } from "../../history/history-client.js";
import type { HttpAnswer, HttpAsked } from "../../net/http/serve.js";
import { badge } from "../../report/badge.js";
import { CONTENT_SECURITY_POLICY } from "../../report/page.js";
import { packageVersion } from "../../support/package-root.js";
import { METRICS_TYPE } from "../../support/prometheus.js";
import { watchMetrics } from "../../watch/metrics.js";
import type { ReportedCheck } from "../../watch/reported-check.js";
import type { Watch } from "../../watch/watch.js";
import type { Login } from "../login/login.js";
import { CALLBACK } from "../login/oidc/oidc-login.js";
import { StatusApi } from "./api.js";
import { checkPageOf } from "./check-details.js";
import { EventStream } from "./event-stream.js";
import { answerHeartbeat, isHeartbeat } from "./heartbeat-route.js";
import { openApi } from "./openapi.js";
import { Overview } from "./overview.js";
import type { RecentRuns } from "./recent-runs.js";

export interface SiteOptions {
  /** The watch changes when its file does. */
  current(): Watch;
  readonly history: HistoryClient;
  readonly runs: RecentRuns;
  /** Without a login, what everyone sees; with one, whether others than operators see anything. */
  readonly isPublic: boolean;
}

const RELOAD_SECONDS = 60;
/** For people, who are sent to the login. */
const PAGE_PATH = /^\/(?:check\/[0-9a-f]{16})?$/;
const HTML = "text/html; charset=utf-8";
const PAGE_HEADERS = { "content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer" };
const PICTURE_HEADERS = { "content-security-policy": "default-src 'none'" };
const NO_CHECK: HttpAnswer = { status: 404, text: "there is no such check\n" };
const NOT_FOUND: HttpAnswer = { status: 404, text: "there are /, /check/KEY, /api/v1/openapi.json, /badge/KEY.svg, /events, /metrics and /healthz\n" };

/** What a watch serves: pages for people, and what programs ask. */
export class StatusSite {
  readonly #events: EventStream;
  #overview: Overview | null = null;

  constructor(
    readonly options: SiteOptions,
    /** Null: there is none. It changes with the file. */
    public login: Login | null,
  ) {
    this.#events = new EventStream(() => options.current().book);
  }

  async answer(path: string, asked: HttpAsked): Promise<HttpAnswer> {
    if (path === "/healthz") return { status: 200, text: "ok\n" };
    if (isHeartbeat(path)) return answerHeartbeat(path, asked, this.options.current().heartbeats);
    if (this.login === null) return this.#route(path, asked, this.options.isPublic);
    const { oidc } = this.login;
    if (oidc !== null && path === `/${CALLBACK}`) return oidc.finish(asked);
    const access = this.login.access(asked, Date.now());
    if (typeof access === "object") return access;
    if (oidc !== null && access === "public") {
      if (path === "/login") return oidc.begin();
      if (!this.options.isPublic && PAGE_PATH.test(path)) return { status: 303, text: "", headers: { location: path === "/" ? "login" : "../login" } };
    }
    if (access === "public" && (!this.options.isPublic || path === "/login" || path === "/metrics")) return this.login.challenge();
    if (path === "/login") return { status: 303, text: "", headers: { location: "./" } };
    return this.#route(path, asked, access === "public");
  }

  /** Why this request may not have what is for operators; null: it may. */
  refusal(asked: HttpAsked): HttpAnswer | null {
    const access = this.login?.access(asked, Date.now()) ?? "operator";
    if (typeof access === "object") return access;
    return access === "public" ? (this.login as Login).challenge() : null;
  }

  /** The pages as files: their paths and texts. */
  async files(): Promise<Map<string, string>> {
    const { isPublic } = this.options;
    const overview = this.#currentOverview();
    const now = Date.now();
    const files = new Map<string, string>();
    files.set("index.html", await overview.page(now, { isPublic, page: null, links: [], query: "", hrefOf: (key) => `check/${key}.html` }));
    for (const check of overview.book.plan.shown) {
      files.set(`check/${check.key}.html`, await this.#page(check, isPublic, "../index.html"));
      files.set(`badge/${check.key}.svg`, this.#badge(check));
    }
    return files;
  }

  close(): void {
    this.#events.close();
  }

  async #route(path: string, asked: HttpAsked, isPublic: boolean): Promise<HttpAnswer> {
    const { history } = this.options;
    const watch = this.options.current();
    const api = new StatusApi(watch.book, this.#currentOverview(), history);
    if (path === "/") return this.#front(asked, isPublic);
    if (path === "/events") return this.#events.answer(isPublic);
    if (path === "/metrics") return { status: 200, text: watchMetrics(watch, await history.ask("waiting"), isPublic), type: METRICS_TYPE };
    if (path === "/api/v1/openapi.json") return json(openApi(packageVersion()));
    if (path === "/api/v1/checks") return json(api.checks(isPublic));
    if (path === "/api/v1/incidents") return json(await api.incidents(isPublic));
    if (path === "/api/v1/results") return json(await api.results(asked.query, isPublic));
    return this.#ofCheck(path, api, isPublic);
  }

  async #ofCheck(path: string, api: StatusApi, isPublic: boolean): Promise<HttpAnswer> {
    const [, kind, key] = /^\/(api\/v1\/checks|check|badge)\/([0-9a-f]{16})(?:\.svg)?$/.exec(path) ?? [];
    if (kind === undefined || (kind === "badge") !== path.endsWith(".svg")) return NOT_FOUND;
    const check = api.book.plan.shown.find((each) => each.key === key);
    if (check === undefined) return NO_CHECK;
    if (kind === "badge") return { status: 200, text: this.#badge(check), type: "image/svg+xml", headers: PICTURE_HEADERS };
    if (kind === "check") return { status: 200, text: await this.#page(check, isPublic, "../"), type: HTML, headers: PAGE_HEADERS };
    return json(await api.check(check, isPublic, Date.now()));
  }

  /** The browser loads it again by a header field; a page that did so by itself could not be stopped by its reader. */
  async #front({ query }: HttpAsked, isPublic: boolean): Promise<HttpAnswer> {
    const page = wholeNumber(query.get("page"));
    const isStill = query.get("reload") === "no";
    const links = [reloadLink(page, isStill), ...(this.login !== null && isPublic ? [{ href: "login", text: "Log in" }] : [])];
    const still = isStill ? "&reload=no" : "";
    const text = await this.#currentOverview().page(Date.now(), { isPublic, page, links, query: still, hrefOf: (key) => `check/${key}` });
    return { status: 200, text, type: HTML, headers: isStill ? PAGE_HEADERS : { ...PAGE_HEADERS, refresh: String(RELOAD_SECONDS) } };
  }

  #page(check: ReportedCheck, isPublic: boolean, home: string): Promise<string> {
    const overview = this.#currentOverview();
    const sources = { book: overview.book, overview, history: this.options.history, runs: this.options.runs };
    return checkPageOf(check, sources, isPublic, Date.now(), home);
  }

  #badge({ key, name }: ReportedCheck): string {
    return badge(name, this.options.current().book.state(key).outcome);
  }

  #currentOverview(): Overview {
    const { book } = this.options.current();
    if (this.#overview?.book === book) return this.#overview;
    this.options.runs.keepOnly(new Set(book.plan.shown.map(({ key }) => key)));
    this.#overview = new Overview(book, this.options.history);
    return this.#overview;
  }
}

function reloadLink(page: number, isStill: boolean): { href: string; text: string } {
  const at = page === 1 ? "" : `page=${page}`;
  if (isStill) return { href: at === "" ? "./" : `?${at}`, text: `Reload this page every ${RELOAD_SECONDS} s` };
  return { href: `?${at === "" ? "" : `${at}&`}reload=no`, text: "Stop reloading this page" };
}

/** An answer that is one already, as of a wrong request, stays. */
function json(value: object): HttpAnswer {
  return "status" in value && "text" in value ? (value as HttpAnswer) : { status: 200, text: `${JSON.stringify(value)}\n`, type: "application/json" };
}

function wholeNumber(written: string | null): number {
  return written !== null && /^\d{1,6}$/.test(written) ? Math.max(1, Number(written)) : 1;
}
