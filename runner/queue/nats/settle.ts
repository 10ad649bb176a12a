import type { Message, Outcome, SettleAnswer, Settlement } from "../backend.js";
import { acknowledge, giveBack, keepAway } from "./acks.js";
import { letterHeaders } from "./envelope.js";
import type { Leased } from "./leased.js";
import type { LeaseRecord } from "./leases.js";
import type { Place } from "./place.js";

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
    settlements.map(async ({ delivery, outcome }): Promise<Fenced> => {
      const leased = delivery as Leased;
      return { leased, outcome, fence: await place.leases.write(leased.token, recordFor(leased, outcome, now), leased.fence) };
    }),
  );
  const results = fenced.flatMap(({ outcome, fence }) => (fence !== null && outcome.kind === "done" && outcome.result !== null ? [outcome.result] : []));
  if (results.length > 0) await pushResults(results);
  return Promise.all(
    fenced.map(async ({ leased, outcome, fence }) => {
      if (fence === null) return "lost";
      await finish(place, leased, outcome, fence);
      return "stored";
    }),
  );
}

function recordFor({ attempt, lastFailure, key }: Leased, outcome: Outcome, now: number): LeaseRecord {
  switch (outcome.kind) {
    case "retry":
      return { kind: "delayed", until: now + outcome.afterMs, attempt, failure: outcome.failure, key };
    case "release":
      return { kind: "free", until: 0, attempt: attempt - 1, failure: lastFailure, key };
    default:
      return { kind: "ending", until: now + ENDING_MS, attempt, failure: null, key };
  }
}

async function finish(place: Place, leased: Leased, outcome: Outcome, fence: number): Promise<void> {
  const { client, requests, names, leases } = place;
  if (outcome.kind === "retry") return keepAway(client, leased.reply, outcome.afterMs);
  if (outcome.kind === "release") return giveBack(client, leased.reply);
  if (outcome.kind === "done") await requests.write({ stream: names.done, subject: names.doneId(leased.token), body: leased.id });
  else {
    const headers = letterHeaders(leased.envelope, leased.attempt, outcome.failure);
    await requests.write({ stream: names.dead, subject: names.letter(leased.token), body: leased.body, headers });
  }
  await leases.remove(fence);
  await acknowledge(requests, leased.reply);
}
