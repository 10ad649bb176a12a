import type { Delivery } from "../backend.js";
import type { Envelope } from "./envelope.js";
import type { LeaseRecord } from "./leases.js";

/** A message that this process holds. */
export interface Leased extends Delivery {
  readonly envelope: Envelope;
  readonly token: string;
  /** Where NATS is told what became of it. */
  readonly reply: string;
  /** The record of this lease; a heartbeat writes a new one. */
  fence: number;
  until: number;
  /** Where what it kept lies. */
  keptAt: number | null;
  /** The last step that was begun on this lease. */
  lastStep: Promise<unknown>;
}

export function recordOf({ until, attempt, lastFailure, key, keptAt, part }: Leased): LeaseRecord {
  return { kind: "leased", until, attempt, failure: lastFailure, key, kept: keptAt, part };
}

/** Each step names the record of the one before: two at once, a heartbeat and an end, would take the lease from each other. */
export function inTurn<Answer>(leased: Leased, step: () => Promise<Answer>): Promise<Answer> {
  const turn = leased.lastStep.then(step, step);
  leased.lastStep = turn.catch(() => undefined);
  return turn;
}
