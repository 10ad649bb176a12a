import { resolve } from "node:path";
import { History } from "../../history/history.js";
import { type HttpServing, serveHttp } from "../../net/http/serve.js";
import { CONTENT_SECURITY_POLICY } from "../../report/page.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { printable } from "../../support/printable.js";
import { METRICS_TYPE } from "../../support/prometheus.js";
import { RequestError } from "../../support/request-error.js";
import { checksView } from "../../watch/checks-view.js";
import { watchMetrics } from "../../watch/metrics.js";
import { runCheck } from "../../watch/run-check.js";
import { type PreparedWatch, prepareWatch, Watch, type WatchOptions } from "../../watch/watch.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { listenAddress } from "../listen-address.js";
import { reportError } from "../report-error.js";
import { onFileChange } from "./on-file-change.js";
import { type ReadWatch, readWatch } from "./read-watch.js";
import { StatusPages } from "./status.js";
import { DEFAULT_HISTORY, type WatchOptions as Given } from "./watch-options.js";

/** Watches until it is interrupted. */
export async function watchOn(read: ReadWatch, given: Given, most: number, io: Io): Promise<number> {
  const at = given.listen === null ? null : listenAddress(given.listen);
  const environment = io.env as NodeJS.ProcessEnv;
  const first = await prepareWatch(read.plan, environment);
  const tell = (message: string): void => io.err(`probe-run: ${printable(message)}\n`);
  const history = openHistory(given, tell, io);
  let fail: (error: unknown) => void = () => undefined;
  const options: WatchOptions = { most, tell, onError: (error) => fail(error), run: runCheck };
  let watch: Watch | null = null;
  let server: HttpServing | null = null;
  try {
    watch = new Watch(first, history, options);
    server = at === null ? null : await served(at, given.public, () => watch as Watch);
    tell(`watching ${read.plan.checks.length} checks${server === null ? "" : `, serving ${server.address}/metrics`}`);
    const replace = async (next: PreparedWatch): Promise<void> => {
      const legacy = await (watch as Watch).close();
      try {
        watch = new Watch(next, history, options, legacy);
      } catch (error) {
        fail(error);
      }
    };
    const stopLooking = onFileChange(filesOf(read), io, async () => {
      try {
        const changed = await readWatch(read.file, io);
        await replace(await prepareWatch(changed.plan, environment));
        tell(`watching ${changed.plan.checks.length} checks of the changed file`);
        return filesOf(changed);
      } catch (error) {
        reportError(error, io);
        tell("the file before it stays in use");
        return null;
      }
    });
    try {
      await ended(io, (listener) => {
        fail = listener;
      });
    } finally {
      await stopLooking();
    }
    return EXIT.ok;
  } finally {
    server?.close();
    await watch?.close();
    history.close();
  }
}

/** The suite, and what it includes. */
function filesOf({ suite }: ReadWatch): string[] {
  return suite.files.documents.map(({ file }) => file);
}

/** A named file must be usable. Without one, a folder that cannot be written does not keep the watch from working. */
function openHistory({ history: named }: Given, tell: (message: string) => void, { cwd }: Io): History {
  const path = resolve(cwd, named ?? DEFAULT_HISTORY);
  try {
    return new History(path);
  } catch (error) {
    if (named !== null) throw error;
    const why = error instanceof RequestError ? (error.violations[0]?.message ?? error.message) : (error as Error).message;
    tell(`the history is in memory and ends with the watch, because ${path} cannot be used: ${why}. Name another file with --history`);
    return new History(IN_MEMORY);
  }
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

function served(at: { host: string; port: number }, isPublic: boolean, current: () => Watch): Promise<HttpServing> {
  const headers = { "content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer" };
  let pages: StatusPages | null = null;
  return serveHttp(at, async (path) => {
    const { book, certificates, watcher, history } = current();
    if (pages?.book !== book) pages = new StatusPages(book, history, isPublic);
    if (path === "/") return { status: 200, text: pages.page(Date.now()), type: "text/html; charset=utf-8", headers };
    if (path === "/healthz") return { status: 200, text: "ok\n" };
    if (path === "/metrics") return { status: 200, text: watchMetrics(book, certificates, watcher.counts, history), type: METRICS_TYPE };
    if (path === "/api/v1/checks") return { status: 200, text: `${JSON.stringify(checksView(book, isPublic))}\n`, type: "application/json" };
    return { status: 404, text: "there are /, /healthz, /metrics and /api/v1/checks\n" };
  });
}
