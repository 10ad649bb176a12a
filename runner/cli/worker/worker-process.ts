import type { WorkerStats } from "../../queue/worker-stats.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { type Given, openWorker, type WorkSettings } from "./worker-settings.js";

/** Set for a process that a pool counts and stops. */
export const CHILD_VARIABLE = "PROBE_RUN_WORK_CHILD";

/** A message to the pool. fatal: a restart would not help. */
export type FromChild = { readonly kind: "stats"; readonly stats: WorkerStats } | { readonly kind: "fatal" };
/** A message to a child process. */
export type ToChild = "stop";

const REPORT_MS = 200;

export async function workAsChild(given: Given, settings: WorkSettings, io: Io): Promise<number> {
  // Ctrl-C reaches the whole process group; the pool handles it and stops its children.
  process.on("SIGINT", () => undefined);
  try {
    const { worker, close } = await openWorker(given, settings, io);
    const report = (): void => send({ kind: "stats", stats: worker.stats });
    const timer = setInterval(report, REPORT_MS);
    const stop = (): void => worker.stop(settings.graceMs);
    for (const event of ["message", "disconnect", "SIGTERM"] as const) process.on(event, stop);
    try {
      await worker.run();
    } finally {
      clearInterval(timer);
      await close();
    }
    report();
    return EXIT.ok;
  } catch (error) {
    send({ kind: "fatal" });
    throw error;
  }
}

function send(message: FromChild): void {
  // The pool may have ended.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
