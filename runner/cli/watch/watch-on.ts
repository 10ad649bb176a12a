import { resolve } from "node:path";
import { History } from "../../history/history.js";
import { type HttpServing, serveHttp } from "../../net/http/serve.js";
import { RecentRuns } from "../../serve/status/recent-runs.js";
import { StatusSite } from "../../serve/status/status-site.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { counted } from "../../support/counted.js";
import { printable } from "../../support/printable.js";
import { RequestError } from "../../support/request-error.js";
import { runCheck } from "../../watch/run-check.js";
import { type PreparedWatch, prepareWatch, Watch, type WatchOptions } from "../../watch/watch.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { listenAddress } from "../listen-address.js";
import { reportError } from "../report-error.js";
import { onFileChange } from "./on-file-change.js";
import { type ReadWatch, readWatch } from "./read-watch.js";
import { DEFAULT_HISTORY, type WatchOptions as Given } from "./watch-options.js";

/** Watches until it is interrupted. */
export async function watchOn(read: ReadWatch, given: Given, most: number, io: Io): Promise<number> {
  const at = given.listen === null ? null : listenAddress(given.listen);
  const environment = io.env as NodeJS.ProcessEnv;
  const first = await prepareWatch(read.plan, environment);
  const tell = (message: string): void => io.err(`probe-run: ${printable(message)}\n`);
  const history = openHistory(given, tell, io);
  let fail: (error: unknown) => void = () => undefined;
  const runs = new RecentRuns();
  const options: WatchOptions = { most, tell, onError: (error) => fail(error), run: runner(runs) };
  let watch: Watch | null = null;
  let server: HttpServing | null = null;
  try {
    watch = new Watch(first, history, options);
    const site = new StatusSite({ current: () => watch as Watch, history, runs, isPublic: given.public });
    server = at === null ? null : await serveHttp(at, (path, asked) => site.answer(path, asked));
    tell(`watching ${counted(read.plan.checks.length, "check")}${server === null ? "" : `, serving ${server.address}/metrics`}`);
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
        tell(`watching ${counted(changed.plan.checks.length, "check")} of the changed file`);
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

/** Runs a check, and keeps what the pages show of its run. */
function runner(runs: RecentRuns): WatchOptions["run"] {
  return async (check, signal) => {
    const at = Date.now();
    const ran = await runCheck(check, signal);
    runs.add(check.key, ran, at);
    return ran;
  };
}
