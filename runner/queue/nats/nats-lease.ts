import type { LeasedMessage } from "../backend.js";
import type { Envelope } from "./envelope.js";
import type { LeaseRecord } from "./lease-records.js";

/** A message that this process holds under a lease. */
export interface NatsLease extends LeasedMessage {
  readonly envelope: Envelope;
  readonly token: string;
  /** The subject for acknowledgements. */
  readonly reply: string;
  /** The revision of its lease record; each heartbeat writes a new one. */
  fence: number;
  until: number;
  /** The sequence of its saved state. */
  stateSequence: number | null;
  /** The last step that was started on this lease. */
  lastStep: Promise<unknown>;
}

export function recordOf({ until, attempt, lastFailure, key, stateSequence, part }: NatsLease): LeaseRecord {
  return { kind: "leased", until, attempt, failure: lastFailure, key, kept: stateSequence, part };
}

/** Each step must name the record of the previous one. Two at once, such as a heartbeat and a settlement, would make each other lose the lease. */
export function inSequence<Answer>(leased: NatsLease, step: () => Promise<Answer>): Promise<Answer> {
  const result = leased.lastStep.then(step, step);
  leased.lastStep = result.catch(() => undefined);
  return result;
}
