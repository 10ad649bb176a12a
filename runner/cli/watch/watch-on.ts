import { resolve } from "node:path";
import { History } from "../../history/history.js";
import { type HistoryClient, LocalHistory } from "../../history/history-client.js";
import { HistoryLost } from "../../history/history-lost.js";
import { HistoryThread } from "../../history/thread/history-thread.js";
import type { Exporter } from "../../serve/exporter.js";
import type { Login } from "../../serve/login/login.js";
import { openLogin } from "../../serve/login/open-login.js";
import { RecentRuns } from "../../serve/status/recent-runs.js";
import { StatusSite } from "../../serve/status/status-site.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { counted } from "../../support/counted.js";
import { printable } from "../../support/printable.js";
import { RequestError } from "../../support/request-error.js";
import { runCheck } from "../../watch/run-check.js";
import { type Legacy, type PreparedWatch, prepareWatch, Watch, type WatchOptions } from "../../watch/watch.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { reportError } from "../report-error.js";
import { UsageError } from "../usage-error.js";
import { exportStatus } from "./export-status.js";
import { onFileChange } from "./on-file-change.js";
import { type ReadWatch, readWatch } from "./read-watch.js";
import { replaceWatch } from "./replace-watch.js";
import { assertProtected, type ListenPlan, listenPlan, serveStatus } from "./serve-status.js";
import { DEFAULT_HISTORY, type WatchOptions as Given } from "./watch-options.js";

type Served = Pick<Given, "history" | "listen" | "server-name" | "tls-cert" | "tls-key" | "public" | "export" | "queue">;

/** Watches until it is interrupted. With an exporter, /probe is served at the same address. */
export async function watchOn(read: ReadWatch, given: Served, most: number, io: Io, exporter: Exporter | null = null): Promise<number> {
  const listening = await listenPlan(given, io);
  const login = await loginFor(read, listening);
  const environment = io.env as NodeJS.ProcessEnv;
  const first = await prepareWatch(read.plan, environment);
  const tell = (message: string): void => io.err(`probe-run: ${printable(message)}\n`);
  const history = await openHistory(given, tell, io);
  let fail: (error: unknown) => void = () => undefined;
  const runs = new RecentRuns();
  const options: WatchOptions = { most, tell, queue: given.queue, onError: (error) => fail(error), ...runningFor(runs) };
  let watch: Watch | null = null;
  let shown: Shown | null = null;
  try {
    watch = await Watch.open(first, history, options);
    const site = new StatusSite({ current: () => watch as Watch, history, runs, isPublic: given.public }, login);
    shown = await show(site, listening, given.export === null ? null : resolve(io.cwd, given.export), tell, exporter);
    tell(beginning(read, shown));
    const open = (prepared: PreparedWatch, legacy: Legacy | null): Promise<Watch> => Watch.open(prepared, history, options, legacy);
    const replace = async (next: PreparedWatch): Promise<void> => {
      const replaced = await replaceWatch(watch as Watch, next, open, { environment, fail });
      watch = replaced.watch;
      if (replaced.error !== null) throw replaced.error;
    };
    const stopLooking = onFileChange(filesOf(read), io, async () => {
      try {
        const changed = await readWatch(read.file, io);
        const [next, nextLogin] = [await prepareWatch(changed.plan, environment), await loginFor(changed, listening)];
        await replace(next);
        site.login = nextLogin;
        tell(`watching ${counted(changed.plan.shown.length, "check")} of the changed file`);
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
    await shown?.close();
    await watch?.close();
    await history.close();
  }
}

function beginning({ plan }: ReadWatch, { address }: Shown): string {
  const served = address === null ? "" : `, status page ${address}/, serving ${address}/metrics`;
  return `watching ${counted(plan.shown.length, "check")}${served}`;
}

/** The suite, and what it includes. */
function filesOf({ suite }: ReadWatch): string[] {
  return suite.files.documents.map(({ file }) => file);
}

/** A named file must be usable. Without one, a folder that cannot be written does not keep the watch from working. */
interface Shown {
  /** Null: nothing is served. */
  readonly address: string | null;
  close(): Promise<void>;
}

/** Serves the pages, and writes them as files. */
async function show(
  site: StatusSite,
  listening: ListenPlan | null,
  folder: string | null,
  tell: (message: string) => void,
  exporter: Exporter | null,
): Promise<Shown> {
  const endExport = folder === null ? null : await exportStatus(folder, site, tell);
  const server = listening === null ? null : await serveStatus(listening, site, exporter);
  if (exporter !== null) tell(`serving ${exporter.served.modules.size} modules at ${server?.address}/probe`);
  return {
    address: server?.address ?? null,
    close: async () => {
      server?.close();
      await endExport?.();
    },
  };
}

/** Rejects with a RequestError for a suite that cannot be served as it is, or needs to be. */
async function loginFor({ suite, plan }: ReadWatch, listening: ListenPlan | null): Promise<Login | null> {
  if (listening === null && plan.heartbeats.length > 0) throw new UsageError("watch.heartbeats need --listen: jobs request a URL there");
  if (listening === null) return null;
  const login = await openLogin(suite.suite.watch?.page);
  assertProtected(listening, login);
  return login;
}

async function openHistory({ history: named }: Served, tell: (message: string) => void, { cwd }: Io): Promise<HistoryClient> {
  const path = resolve(cwd, named ?? DEFAULT_HISTORY);
  try {
    return await HistoryThread.open(path, { onTrouble: tell });
  } catch (error) {
    if (named !== null || error instanceof HistoryLost) throw error;
    const why = error instanceof RequestError ? (error.violations[0]?.message ?? error.message) : (error as Error).message;
    tell(`the history is in memory and ends with the watch, because ${path} cannot be used: ${why}. Name another file with --history`);
    return new LocalHistory(new History(IN_MEMORY), tell);
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

/** Runs a check, or takes what a worker reports of it, and keeps what the pages show of the run. */
function runningFor(runs: RecentRuns): Pick<WatchOptions, "run" | "onReport"> {
  return {
    run: async (check, signal) => {
      const at = Date.now();
      const ran = await runCheck(check, signal);
      runs.add(check.key, ran, at);
      return ran;
    },
    onReport: ({ key, planned }, report, at) => runs.addReported(key, report, at, planned.check.probe),
  };
}
