import { logout } from "../../runner/net/imap/commands.js";
import { round } from "../../runner/run/clock.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { removeMatches } from "./delete-matches.js";
import type { Ctx, ReceiveEvidence } from "./evidence.js";
import { emptyEvidence } from "./evidence.js";
import type { Folder } from "./folders.js";
import { judge } from "./judge.js";
import { isStopped, type MailboxState, type ReceiveHooks } from "./mailbox-state.js";
import { storeMatches } from "./message.js";
import { openMailbox } from "./open-mailbox.js";
import { noReconnects, retryAfterLoss } from "./reconnect.js";
import type { Input } from "./schema.js";
import type { Match } from "./search-folder.js";
import { verifyMatches } from "./verify-matches.js";
import { searchAll, waitFor } from "./wait.js";

export type { ReceiveHooks };

/**
 * Finds a message in a mailbox, or waits for it, and reads its trace fields. A sender of the message in the same run
 * begins this first, and sends it when `hooks.listening` is called.
 */
export async function receiveMail(ctx: Ctx, input: Input, hooks: ReceiveHooks = {}): Promise<ReceiveEvidence> {
  const evidence = emptyEvidence(input);
  evidence.failure = await ctx.attempt(() => receive(ctx, input, evidence, hooks));
  judge(input, evidence);
  return evidence;
}

/** How long a run waits when nothing else is said: as long as the repeated searches of the seed would take. */
export function maxWaitMs({ wait_ms: wait, retries, retry_delay: delay }: Input): number {
  return wait ?? retries * delay * 1000;
}

async function receive(ctx: Ctx, input: Input, evidence: ReceiveEvidence, hooks: ReceiveHooks): Promise<void> {
  if (isStopped(hooks)) return;
  const visit = await open(ctx, input, evidence, hooks);
  const hangUp = (): void => {
    visit.session.close();
    visit.session.broken({ code: "cancelled", message: "the wait was stopped" }, ctx.clock.now());
  };
  hooks.stop?.addEventListener("abort", hangUp, { once: true });
  try {
    // It may have been stopped while the mailbox was opened.
    if (isStopped(hooks)) hangUp();
    const matches = await findAll(visit);
    await verifyMatches(visit, matches);
    if (input.delete_after_check && matches.length > 0) await removeMatches(visit, matches);
    await leave(visit);
  } catch (error) {
    // The caller that stopped the wait reports the reason.
    if (!isStopped(hooks)) throw error;
  } finally {
    hooks.stop?.removeEventListener("abort", hangUp);
    visit.session.close();
  }
}

async function open(ctx: Ctx, input: Input, evidence: ReceiveEvidence, hooks: ReceiveHooks): Promise<MailboxState> {
  const { session, folders } = await openMailbox(ctx, input, evidence);
  evidence.folders = folders.map((folder) => folder.evidence);
  const [main] = folders as [Folder, ...Folder[]];
  if (main.evidence.outcome === "missing" && input.folder.startsWith("\\")) {
    session.close();
    throw failureError("command", "unsupported", `the server has no folder for ${input.folder}`);
  }
  return {
    ctx,
    input,
    evidence,
    hooks,
    beganAt: ctx.clock.now(),
    notBefore: Date.now() - input.max_age_minutes * 60_000,
    session,
    canIdle: session.has("IDLE"),
    folders,
    open: null,
    announced: [],
    isCountLost: false,
    tooOld: new Set(),
    reconnecting: noReconnects(ctx.clock.now()),
  };
}

/** Finds the message, or waits for it; then waits for duplicates as long as the input says. */
async function findAll(visit: MailboxState): Promise<Match[]> {
  const { ctx, input, hooks, beganAt } = visit;
  const usually = beganAt + maxWaitMs(input);
  const giveUpAt = hooks.giveUpAt ?? ((): number => usually);
  const first = await retryAfterLoss(visit, giveUpAt, () => searchAll(visit));
  keep(visit, first, "first_search");
  hooks.listening?.();
  const found = first.length > 0 ? first : await waitFor(visit, giveUpAt);
  const arrivedAt = found.find((match) => match.arrivedAt !== null)?.arrivedAt ?? null;
  keep(visit, found, arrivedAt !== null && visit.canIdle ? "idle" : "noop");
  if (found.length === 0) return [];
  const until = ctx.clock.now() + input.duplicate_wait_ms;
  while (ctx.clock.now() < until) {
    const copies = await waitFor(visit, () => until);
    found.push(
      ...copies.filter(
        ({ folder, fetched }) => !found.some((known) => known.folder.evidence.name === folder.evidence.name && known.fetched.uid === fetched.uid),
      ),
    );
    keep(visit, found, "noop");
  }
  return found;
}

/** At once, so that nothing that breaks later can lose it. The first to find something says how it was found, and when. */
function keep({ ctx, input, evidence, hooks, beganAt }: MailboxState, matches: readonly Match[], how: NonNullable<ReceiveEvidence["found_by"]>): void {
  if (matches.length === 0) return;
  if (evidence.found_by === null) {
    const arrivals = matches.flatMap(({ arrivedAt }) => arrivedAt ?? []);
    const at = arrivals.length === 0 ? ctx.clock.now() : Math.min(...arrivals);
    evidence.found_by = how;
    evidence.waited_ms = round(Math.max(0, at - beganAt));
    hooks.found?.(at);
  }
  storeMatches(input, evidence, matches, Date.now());
}

/** A failed goodbye says nothing about the results so far. */
async function leave({ session }: MailboxState): Promise<void> {
  try {
    await logout(session);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
  }
}
