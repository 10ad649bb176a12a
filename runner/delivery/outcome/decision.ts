import type { DeliveryClass, SAID_BY } from "../../../schemas/delivery-outcome.js";
import type { Failure, Phase } from "../../../schemas/failure.js";
import type { Reply } from "../../net/smtp/reply.js";

/** What ended a conversation, and the reply behind it; null if there was none. */
export interface Broken {
  readonly failure: Failure;
  readonly reply: Reply | null;
}

/** The source of the reply. */
export interface Speaker {
  readonly saidBy: (typeof SAID_BY)[number];
  readonly host: string | null;
  readonly ipAddress: string | null;
}

export const US: Speaker = { saidBy: "us", host: null, ipAddress: null };
export const NAME_SERVERS: Speaker = { saidBy: "name_server", host: null, ipAddress: null };

/**
 * The decision for a recipient by one route. delivered: a server has accepted the message. refused: permanently. later: temporary, can be retried.
 * unknown: the message may have been accepted. failed: for a reason on our side that does not pass with time.
 */
export interface Decision {
  readonly kind: "delivered" | "refused" | "later" | "unknown" | "failed";
  readonly class: DeliveryClass | null;
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly message: string | null;
  /** The row of the reply table. */
  readonly matched: string | null;
  readonly decidedAt: Phase | null;
  readonly speaker: Speaker;
  readonly failure: Failure | null;
  /** The delay that the server asked for or that the reason implies; null if there is none. */
  readonly retryAfterMs: number | null;
  /** Not attempted, because it got no turn in time. This does not count as an attempt, and it is due after retryAfterMs. */
  readonly isPostponed?: true;
}
