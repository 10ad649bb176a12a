import type { Message, Outcome, SettleAnswer, Settlement } from "../backend.js";
import { isRefused } from "../is-transient.js";
import { lastFailure } from "../last-failure.js";
import { acknowledge, giveBack, keepAway } from "./acks.js";
import type { Place } from "./channel-context.js";
import { letterHeaders } from "./envelope.js";
import { forget } from "./keep.js";
import { inTurn, type Leased, recordOf } from "./leased.js";
import type { LeaseRecord } from "./leases.js";

/** How long an outcome may take to be stored. Whoever dies meanwhile leaves the message to others after this time. */
const ENDING_MS = 30_000;

interface Fenced {
  readonly leased: Leased;
  readonly outcome: Outcome;
  /** Null: the lease was lost. */
  readonly fence: number | null;
}

/**
 * The record of the lease is replaced first: from then on nobody else can end the message, and whoever lost it stores nothing. Then the
 * result, whose id makes a repetition a duplicate, and last the end of the message itself.
 */
export async function settleAll(
  place: Place,
  settlements: readonly Settlement[],
  pushResults: (messages: Message[]) => Promise<unknown>,
): Promise<SettleAnswer[]> {
  const now = await place.clock.now();
  const fenced = await Promise.all(
    settlements.map(({ delivery, outcome }): Promise<Fenced> => {
      const leased = delivery as Leased;
      return inTurn(leased, async () => ({ leased, outcome, fence: await place.leases.write(leased.token, recordFor(leased, outcome, now), leased.fence) }));
    }),
  );
  return Promise.all(
    fenced.map(async ({ leased, outcome, fence }) => {
      if (fence === null) return "lost";
      await finish(place, leased, await withResultPushed(outcome, pushResults), fence);
      return "stored";
    }),
  );
}

/** A result that the server refuses, because it is too large, makes its own job a dead letter. */
async function withResultPushed(outcome: Outcome, pushResults: (messages: Message[]) => Promise<unknown>): Promise<Outcome> {
  if (!("result" in outcome) || outcome.result === null) return outcome;
  try {
    await pushResults([outcome.result]);
    return outcome;
  } catch (error) {
    if (!isRefused(error)) throw error;
    return { kind: "dead", failure: lastFailure("result_refused", error.message) };
  }
}

function recordFor(leased: Leased, outcome: Outcome, now: number): LeaseRecord {
  const record = recordOf(leased);
  switch (outcome.kind) {
    case "retry":
      return { ...record, kind: "delayed", until: now + outcome.afterMs, failure: outcome.failure };
    case "release":
      return { ...record, kind: "free", until: 0, attempt: record.attempt - 1 };
    default:
      return { ...record, kind: "ending", until: now + ENDING_MS, failure: null };
  }
}

/** Only once its result is stored: killed before that, this part runs again. */
async function putOff({ client, clock, leases }: Place, leased: Leased, afterMs: number, fence: number): Promise<void> {
  const record = recordOf(leased);
  const until = (await clock.now()) + afterMs;
  await leases.write(leased.token, { ...record, kind: "delayed", until, attempt: record.attempt - 1, failure: null, part: record.part + 1 }, fence);
  keepAway(client, leased.reply, afterMs);
}

async function finish(place: Place, leased: Leased, outcome: Outcome, fence: number): Promise<void> {
  const { client, requests, names, leases } = place;
  if (outcome.kind === "retry") return keepAway(client, leased.reply, outcome.afterMs);
  if (outcome.kind === "later") return putOff(place, leased, outcome.afterMs, fence);
  if (outcome.kind === "release") return giveBack(client, leased.reply);
  if (outcome.kind === "done") await requests.write({ stream: names.done, subject: names.doneId(leased.token), body: leased.id });
  else {
    const { attempt: attempts, keptAt: kept, part } = leased;
    const headers = letterHeaders(leased.envelope, { attempts, failure: outcome.failure, kept, part });
    await requests.write({ stream: names.dead, subject: names.letter(leased.token), body: leased.body, headers });
  }
  await leases.remove(fence);
  if (outcome.kind === "done") await forget(place, leased.keptAt);
  await acknowledge(requests, leased.reply);
}
