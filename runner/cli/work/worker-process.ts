import type { Tally } from "../../queue/worker-stats.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { type Given, type Order, setUp } from "./worker-settings.js";

/** Says to a process that its parent counts and stops it. */
export const CHILD = "PROBE_RUN_WORK_CHILD";

/** What a child tells its parent. beyond_help: starting it again would not help. */
export type FromChild = { readonly kind: "tally"; readonly tally: Tally } | { readonly kind: "beyond_help" };
/** What a parent tells its child. */
export type ToChild = "stop";

const TELL_EVERY_MS = 200;

export async function workAsChild(given: Given, order: Order, io: Io): Promise<number> {
  // Ctrl-C goes to the whole group: the parent hears it, and tells.
  process.on("SIGINT", () => undefined);
  try {
    const { worker, close } = await setUp(given, order, io);
    const tell = (): void => send({ kind: "tally", tally: worker.tally });
    const timer = setInterval(tell, TELL_EVERY_MS);
    const stop = (): void => worker.stop(order.graceMs);
    for (const event of ["message", "disconnect", "SIGTERM"] as const) process.on(event, stop);
    try {
      await worker.run();
    } finally {
      clearInterval(timer);
      await close();
    }
    tell();
    return EXIT.ok;
  } catch (error) {
    send({ kind: "beyond_help" });
    throw error;
  }
}

function send(message: FromChild): void {
  // The parent may be gone: then nobody counts.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
