import { startTimeout } from "../../run/timeout.js";
import { expectOk } from "./reply.js";
import type { Untagged } from "./response.js";
import type { ImapSession } from "./session.js";

export interface IdleOptions {
  /** True for what ends the waiting, as an EXISTS. */
  readonly until: (response: Untagged) => boolean;
  readonly timeoutMs: number;
  /** Ends the waiting early, as if its time were up. */
  readonly wake?: AbortSignal;
}

export interface IdleResult {
  /** announced: the awaited response came. timeout: it did not. ended: the server ended the IDLE of its own accord. */
  readonly reason: "announced" | "timeout" | "ended";
  /** When it came, on the harness's monotonic clock; null when it did not. */
  readonly announcedAt: number | null;
}

/** RFC 2177: a server may log out a client that has idled for half an hour. A longer wait needs another IDLE. */
const LONGEST_MS = 28 * 60_000;

/** A message has come, or at least their number changed. */
export function isNewMail(response: Untagged): boolean {
  return response.kind === "data" && (response.name === "EXISTS" || response.name === "RECENT");
}

/**
 * Waits in the open folder for notifications of the server (RFC 2177). One operation, from IDLE to the reply to DONE. A server that says BYE, or
 * disconnects, ends the conversation as with any other command.
 */
export async function idle(session: ImapSession, { until, timeoutMs, wake }: IdleOptions): Promise<IdleResult> {
  const { current } = session.start("IDLE", "command", ["IDLE"]);
  let leaving = false;
  let announcedAt: number | null = null;
  let looked = 0;
  const leave = (): void => {
    if (!leaving) session.write("DONE");
    leaving = true;
  };
  const first = await current.next();
  if (first.kind === "end") {
    expectOk("command", first.reply);
    return { reason: "ended", announcedAt: announcedAt };
  }
  current.wantsData = true;
  const stopWaiting = startTimeout(Math.min(timeoutMs, LONGEST_MS), leave);
  wake?.addEventListener("abort", leave);
  if (wake?.aborted === true) leave();
  try {
    for (;;) {
      // It goes: the next step breaks with what it said.
      if (session.farewell !== null) hangUp(session);
      const news = current.untagged.slice(looked);
      looked += news.length;
      if (announcedAt === null && !leaving && news.some(until)) {
        announcedAt = session.heardAt;
        leave();
      }
      const step = await current.next();
      if (step.kind === "continue") throw session.violated("command", "the server sent two continuation requests for IDLE");
      if (step.kind === "end") return { reason: announcedAt !== null ? "announced" : leaving ? "timeout" : "ended", announcedAt: announcedAt };
    }
  } finally {
    stopWaiting();
    wake?.removeEventListener("abort", leave);
  }
}

function hangUp(session: ImapSession): void {
  session.close();
  session.broken({ code: "closed", message: "the server has ended the session" }, session.heardAt);
}
