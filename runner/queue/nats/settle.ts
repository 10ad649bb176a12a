import type { Message, Outcome, SettleAnswer, Settlement } from "../backend.js";
import { isRefused } from "../is-transient.js";
import { lastFailure } from "../last-failure.js";
import { acknowledge, delayRedelivery, redeliverNow } from "./acks.js";
import type { ChannelContext } from "./channel-context.js";
import { deadLetterHeaders } from "./envelope.js";
import type { LeaseRecord } from "./lease-records.js";
import { inSequence, type NatsLease, recordOf } from "./nats-lease.js";
import { removeState } from "./saved-state.js";

/** How long storing an outcome may take. If the process dies, others can claim the message after this time. */
const ENDING_MS = 30_000;

interface Fenced {
  readonly leased: NatsLease;
  readonly outcome: Outcome;
  /** Null: the lease was lost. */
  readonly fence: number | null;
}

/**
 * The lease record is replaced first: from then on no other process can settle the message, and one that lost its lease stores nothing. Then the
 * result is stored, whose id makes a repetition a duplicate, and finally the message is removed.
 */
export async function settleAll(
  context: ChannelContext,
  settlements: readonly Settlement[],
  pushResults: (messages: Message[]) => Promise<unknown>,
): Promise<SettleAnswer[]> {
  const now = await context.clock.now();
  const fenced = await Promise.all(
    settlements.map(({ message, outcome }): Promise<Fenced> => {
      const leased = message as NatsLease;
      return inSequence(leased, async () => ({
        leased,
        outcome,
        fence: await context.leases.write(leased.token, recordFor(leased, outcome, now), leased.fence),
      }));
    }),
  );
  return Promise.all(
    fenced.map(async ({ leased, outcome, fence }) => {
      if (fence === null) return "lost";
      await finish(context, leased, await withResultPushed(outcome, pushResults), fence);
      return "stored";
    }),
  );
}

/** If the server refuses a result because it is too large, its job becomes a dead letter. */
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

function recordFor(leased: NatsLease, outcome: Outcome, now: number): LeaseRecord {
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

/** Runs after the result is stored: if the process is killed before that, this part runs again. */
async function continueLater({ client, clock, leases }: ChannelContext, leased: NatsLease, afterMs: number, fence: number): Promise<void> {
  const record = recordOf(leased);
  const until = (await clock.now()) + afterMs;
  await leases.write(leased.token, { ...record, kind: "delayed", until, attempt: record.attempt - 1, failure: null, part: record.part + 1 }, fence);
  delayRedelivery(client, leased.reply, afterMs);
}

async function finish(context: ChannelContext, leased: NatsLease, outcome: Outcome, fence: number): Promise<void> {
  const { client, requests, names, leases } = context;
  if (outcome.kind === "retry") return delayRedelivery(client, leased.reply, outcome.afterMs);
  if (outcome.kind === "later") return continueLater(context, leased, outcome.afterMs, fence);
  if (outcome.kind === "release") return redeliverNow(client, leased.reply);
  if (outcome.kind === "done") await requests.write({ stream: names.done, subject: names.doneId(leased.token), body: leased.id });
  else {
    const { attempt: attempts, stateSequence: kept, part } = leased;
    const headers = deadLetterHeaders(leased.envelope, { attempts, failure: outcome.failure, kept, part });
    await requests.write({ stream: names.dead, subject: names.deadLetter(leased.token), body: leased.body, headers });
  }
  await leases.remove(fence);
  if (outcome.kind === "done") await removeState(context, leased.stateSequence);
  await acknowledge(requests, leased.reply);
}
