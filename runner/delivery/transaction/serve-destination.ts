import { monotonic } from "../../run/clock.js";
import { FailureError } from "../../run/failure-error.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import { isOpen, settleOpen } from "../message/recipient.js";
import { decidedHere, decisionOfFailure } from "../outcome/decide.js";
import { type Broken, type Decision, US } from "../outcome/decision.js";
import type { Destination } from "../route/destination.js";
import { BACKOFF } from "../session/backoff-limits.js";
import type { Connector } from "../session/connector.js";
import { SiteDelivery } from "./deliver-to-site.js";

/** Delivers a message to one destination: waits for its turn, tries one host after the other, and settles every recipient. */
export async function serveDestination(connector: Connector, message: OutboundMessage, destination: Destination): Promise<void> {
  const { limiter, recipients } = destination;
  for (let turn = 1; recipients.some(isOpen); turn++) {
    const postponed = await waitForTurn(message, destination);
    if (postponed !== null) return settleOpen(recipients, postponed);
    const delivery = new SiteDelivery(connector, message, destination);
    try {
      await delivery.run(turn < BACKOFF.mostTurns);
    } finally {
      limiter.leave(delivery.feedback, delivery.lastBroken);
    }
  }
}

/** Null if it has a turn, which it must leave; otherwise the decision without a turn. */
async function waitForTurn(message: OutboundMessage, destination: Destination): Promise<Decision | null> {
  const { limiter } = destination;
  if (limiter.rateDelayMs > message.maxWaitMs) return rateLimited(destination, limiter.rateDelayMs);
  try {
    if (!limiter.tryEnter() && !(await limiter.enter(message.priority, message.run.deadline, message.maxWaitMs))) return busy(destination, message);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return decisionOfFailure(error.failure, US);
  }
  const { pause } = limiter;
  if (pause === null) return null;
  limiter.leave("none");
  return paused(destination, pause);
}

function rateLimited({ limiter }: Destination, waitMs: number): Decision {
  const words = `${limiter.name} gets at most ${limiter.limits.messagesPerMinute} messages a minute: this one is postponed`;
  return { ...decidedHere("later", "rate", "connect", "limit_exceeded", words, US), retryAfterMs: Math.ceil(waitMs), isPostponed: true };
}

/** From about five seconds to about five minutes until its next turn. */
const MAX_DOUBLINGS = 6;

/** A worker's slots are for messages that have a turn: they do not wait for a slow site. */
function busy({ limiter }: Destination, { maxWaitMs, postponed, random }: OutboundMessage): Decision {
  const words = `${limiter.name} is busy with ${limiter.busy} other messages: this one is postponed`;
  const decision = decidedHere("later", "rate", "connect", "limit_exceeded", words, US);
  return { ...decision, retryAfterMs: Math.ceil(maxWaitMs * 2 ** Math.min(postponed, MAX_DOUBLINGS) * (1 + random())), isPostponed: true };
}

function paused({ limiter }: Destination, { until, failure, reply }: Broken & { until: number }): Decision {
  const message = `deliveries to ${limiter.name} are paused: ${failure.message}`;
  return {
    ...decisionOfFailure(failure, US, reply),
    kind: "later",
    message,
    matched: null,
    speaker: US,
    failure: { ...failure, message, retryable: true },
    retryAfterMs: Math.ceil(until - monotonic()),
  };
}
