import { monotonic } from "../../run/clock.js";
import { FailureError } from "../../run/failure-error.js";
import type { Engine } from "../engine.js";
import type { Order } from "../message/outbound-message.js";
import { isOpen, type Recipient } from "../message/recipient.js";
import { decidedHere, decisionOfFailure } from "../outcome/decide.js";
import { type Broken, type Decision, US } from "../outcome/decision.js";
import type { Destination } from "../route/destination.js";
import { PATIENCE } from "../session/backoff-limits.js";
import { Stay } from "./deliver-to-site.js";

/** Brings an order to one destination: waits for its turn, tries one host after the other, and settles every recipient. */
export async function visit(engine: Engine, order: Order, destination: Destination): Promise<void> {
  const { lane, recipients } = destination;
  for (let turn = 1; recipients.some(isOpen); turn++) {
    const waiting = await waitForTurn(order, destination);
    if (waiting !== null) return settleAll(recipients, waiting);
    const stay = new Stay(engine, order, destination);
    try {
      await stay.run(turn < PATIENCE.mostTurns);
    } finally {
      lane.leave(stay.feedback, stay.lastBroken);
    }
  }
}

/** Null when there is a place, which is to be left; else what is decided without one. */
async function waitForTurn(order: Order, destination: Destination): Promise<Decision | null> {
  const { lane } = destination;
  if (lane.paceMs > order.mostWaitMs) return tooFast(destination, lane.paceMs);
  try {
    if (!lane.tryEnter() && !(await lane.enter(order.rank, order.run.deadline, order.mostWaitMs))) return notItsTurn(destination, order);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return decisionOfFailure(error.failure, US);
  }
  const { pause } = lane;
  if (pause === null) return null;
  lane.leave("none");
  return pausedDecision(destination, pause);
}

function tooFast({ lane }: Destination, waitMs: number): Decision {
  const words = `${lane.name} is not to be sent more than ${lane.limits.messagesPerMinute} messages a minute: this one has to wait`;
  return { ...decidedHere("later", "rate", "connect", "limit_exceeded", words, US), retryAfterMs: Math.ceil(waitMs), isPostponed: true };
}

/** Of the wait for another turn: at some five seconds, up to some five minutes. */
const MOST_DOUBLINGS = 6;

/** A queue's worker has other things to do than to wait for a slow site: its places are for those whose turn it is. */
function notItsTurn({ lane }: Destination, { mostWaitMs, postponed, random }: Order): Decision {
  const words = `${lane.name} is busy with ${lane.busy} others: this one comes again`;
  const decision = decidedHere("later", "rate", "connect", "limit_exceeded", words, US);
  return { ...decision, retryAfterMs: Math.ceil(mostWaitMs * 2 ** Math.min(postponed, MOST_DOUBLINGS) * (1 + random())), isPostponed: true };
}

function settleAll(recipients: readonly Recipient[], decision: Decision): void {
  for (const recipient of recipients.filter(isOpen)) recipient.decision = decision;
}

/** What a message hears that comes while its destination is left alone. */
function pausedDecision({ lane }: Destination, { until, failure, reply }: Broken & { until: number }): Decision {
  const message = `${lane.name} is left alone for a while, since: ${failure.message}`;
  const first = decisionOfFailure(failure, US, reply);
  return {
    ...first,
    kind: "later",
    message,
    matched: null,
    speaker: US,
    failure: { ...failure, message, retryable: true },
    retryAfterMs: Math.ceil(until - monotonic()),
  };
}
