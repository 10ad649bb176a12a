import type { DeliveryClass, SAID_BY } from "../../../schemas/delivery.js";
import type { Failure, Phase } from "../../../schemas/failure.js";
import type { Reply } from "../../net/smtp/reply.js";

/** What ended a conversation, and the reply that said so; null when none did. */
export interface Broken {
  readonly failure: Failure;
  readonly reply: Reply | null;
}

/** Who said it. */
export interface Speaker {
  readonly saidBy: (typeof SAID_BY)[number];
  readonly host: string | null;
  readonly ipAddress: string | null;
}

export const US: Speaker = { saidBy: "us", host: null, ipAddress: null };
export const NAME_SERVERS: Speaker = { saidBy: "name_server", host: null, ipAddress: null };

/**
 * What is decided of a recipient by one way of bringing it the message. delivered: a server has taken it. refused: for good. later: it may
 * pass. unknown: nobody knows whether it was taken. failed: for a reason of our own that does not pass by waiting.
 */
export interface Decision {
  readonly kind: "delivered" | "refused" | "later" | "unknown" | "failed";
  readonly class: DeliveryClass | null;
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly message: string | null;
  /** The row of the table of replies. */
  readonly matched: string | null;
  readonly decidedAt: Phase | null;
  readonly speaker: Speaker;
  readonly failure: Failure | null;
  /** What the server asks for, or the reason is known to want; null where it says nothing of time. */
  readonly retryAfterMs: number | null;
  /** It was not tried: its turn did not come in time. This counts for nothing, and it comes again after retryAfterMs and no later. */
  readonly isPostponed?: true;
}
