import { resolve } from "node:path";
import { History } from "../../history/history.js";
import { deleteOld } from "../../history/retention.js";
import { type HttpServing, serveHttp } from "../../net/http/serve.js";
import { CONTENT_SECURITY_POLICY } from "../../report/page.js";
import { printable } from "../../support/printable.js";
import { METRICS_TYPE } from "../../support/prometheus.js";
import { Book, type BookOptions, type ReportedCheck } from "../../watch/book.js";
import { checksView } from "../../watch/checks-view.js";
import { watchMetrics } from "../../watch/metrics.js";
import { runCheck } from "../../watch/run-check.js";
import { Sender } from "../../watch/sender.js";
import type { Change } from "../../watch/state.js";
import type { WatchPlan } from "../../watch/watch-plan.js";
import { Watcher } from "../../watch/watcher.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { listenAddress } from "../listen-address.js";
import { StatusPages } from "./status.js";
import { DEFAULT_HISTORY, type WatchOptions } from "./watch-options.js";

const HOUSEKEEPING_MS = 30_000;

/** Watches until it is interrupted. */
export async function watchOn(plan: WatchPlan, given: WatchOptions, most: number, io: Io): Promise<number> {
  const at = given.listen === null ? null : listenAddress(given.listen);
  const history = new History(resolve(io.cwd, given.history ?? DEFAULT_HISTORY));
  const tell = (message: string): void => io.err(`probe-run: ${printable(message)}\n`);
  let sender: Sender | null = null;
  let book: Book | null = null;
  let fail: (error: unknown) => void = () => undefined;
  try {
    sender = await Sender.open(plan.receivers, history, {
      onTrouble: tell,
      openIncidents: () => book?.openIncidents(Date.now()) ?? [],
      environment: io.env as NodeJS.ProcessEnv,
    });
    const sending = sender;
    const opened = new Book(plan, history, bookOptions(sending, tell), Date.now());
    book = opened;
    const watcher = new Watcher(opened, {
      most,
      now: Date.now,
      run: (check, signal) => runCheck(check, signal),
      onError: (error) => fail(error),
    });
    const server = at === null ? null : await served(at, given.public, opened, watcher, history);
    tell(`watching ${plan.checks.length} checks${server === null ? "" : `, serving ${server.address}/metrics`}`);
    const housekeeping = setInterval(() => keepHouse(opened, history, plan), HOUSEKEEPING_MS);
    watcher.start();
    try {
      await ended(io, (listener) => {
        fail = listener;
      });
    } finally {
      clearInterval(housekeeping);
      server?.close();
      await watcher.stop();
    }
    return EXIT.ok;
  } finally {
    await sender?.close();
    history.close();
  }
}

function bookOptions(sender: Sender, tell: (message: string) => void): BookOptions {
  return {
    onChange(check, change, reason) {
      tell(lineOf(check, change, reason));
      sender.wake();
    },
    onTrouble(error, unsaved) {
      sender.keepUnsaved(unsaved);
      tell(`the history cannot be written, and the watch continues without it: ${(error as Error).message}`);
    },
  };
}

/** Resolves at an interruption; rejects with what ends the watch by itself. */
function ended(io: Io, onFail: (fail: (error: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopListening = io.onInterrupt(() => {
      stopListening();
      resolve();
    });
    onFail(reject);
  });
}

function keepHouse(book: Book, history: History, plan: WatchPlan): void {
  const now = Date.now();
  book.remind(now);
  if (deleteOld(history.driver, plan.keep, now)) setImmediate(() => keepHouse(book, history, plan));
}

function lineOf({ name }: ReportedCheck, { kind, at, incident }: Change, reason: string | null): string {
  return `${new Date(at).toISOString()} ${name}: ${kind} (incident ${incident})${reason === null ? "" : `: ${reason}`}`;
}

function served(at: { host: string; port: number }, isPublic: boolean, book: Book, watcher: Watcher, history: History): Promise<HttpServing> {
  const pages = new StatusPages(book, history, isPublic);
  const headers = { "content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer" };
  return serveHttp(at, async (path) => {
    if (path === "/") return { status: 200, text: pages.page(Date.now()), type: "text/html; charset=utf-8", headers };
    if (path === "/healthz") return { status: 200, text: "ok\n" };
    if (path === "/metrics") return { status: 200, text: watchMetrics(book, watcher.counts, history), type: METRICS_TYPE };
    if (path === "/api/v1/checks") return { status: 200, text: `${JSON.stringify(checksView(book, isPublic))}\n`, type: "application/json" };
    return { status: 404, text: "there are /, /healthz, /metrics and /api/v1/checks\n" };
  });
}
