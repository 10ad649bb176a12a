import { MAX_WEIGHT, type Message } from "../backend.js";
import { failureIn, type LastFailure } from "../last-failure.js";
import { HIGHEST_PRIORITY, tokenOf } from "./names.js";
import { headerFieldsIn, isNumberIn, sequenceIn, textIn } from "./stored-fields.js";

/** The part of a message that is stored in headers. The payload is the body, byte for byte, so that other tools can read the stream. */
export interface Envelope {
  readonly id: string;
  readonly key: string | null;
  readonly priority: number;
  /** The message cannot be claimed before this time of the server's clock. */
  readonly due: number | null;
  /** Absent for a weight of 1. */
  readonly weight?: number;
}

/** What a dead letter stores besides its envelope. */
export interface DeadLetterFields {
  readonly attempts: number;
  readonly failure: LastFailure;
  /** As in its last lease record. */
  readonly kept: number | null;
  readonly part: number;
}

interface HeaderSource {
  get(name: string): string;
}

const ENVELOPE = "probe-run-message";
const DEAD_LETTER = "probe-run-letter";

export function headersOf({ id, key, priority, weight = 1 }: Message, due: number | null): Record<string, string> {
  return encoded({ id, key, priority, due, ...(weight === 1 ? {} : { weight }) });
}

export function retriedHeaders(envelope: Envelope): Record<string, string> {
  return encoded({ ...envelope, due: null });
}

export function deadLetterHeaders(envelope: Envelope, fields: DeadLetterFields): Record<string, string> {
  return { ...encoded(envelope), [DEAD_LETTER]: encodeURIComponent(JSON.stringify(fields)) };
}

/** Null for a message that was not stored by probe-run: its headers are missing, cannot be read, or name the id of another message. */
export function envelopeIn(subject: string, headers: HeaderSource | undefined): Envelope | null {
  const { id, key, priority, due, weight = 1 } = headerFieldsIn(headers?.get(ENVELOPE) ?? "");
  if (typeof id !== "string" || !subject.endsWith(`.${tokenOf(id)}`)) return null;
  return {
    id,
    key: textIn(key),
    priority: isNumberIn(priority, 0, HIGHEST_PRIORITY) ? Math.floor(priority) : 0,
    due: isNumberIn(due, 0, Number.MAX_SAFE_INTEGER) ? due : null,
    ...(isNumberIn(weight, Number.MIN_VALUE, MAX_WEIGHT) && weight !== 1 ? { weight } : {}),
  };
}

/** A foreign message is identified by its subject. The worker that claims it finds out that it is not a valid event. */
export function envelopeOf(subject: string, headers: HeaderSource | undefined): Envelope {
  return envelopeIn(subject, headers) ?? { id: subject, key: null, priority: 0, due: null };
}

export function deadLetterFieldsIn(headers: HeaderSource | undefined): DeadLetterFields {
  const { attempts, failure, kept, part } = headerFieldsIn(headers?.get(DEAD_LETTER) ?? "");
  return {
    attempts: isNumberIn(attempts, 0, Number.MAX_SAFE_INTEGER) ? attempts : 0,
    failure: failureIn(failure) ?? { reason: "worker_error", message: "no details are stored", at: "" },
    kept: sequenceIn(kept),
    part: isNumberIn(part, 1, Number.MAX_SAFE_INTEGER) ? part : 1,
  };
}

/** A header is one line of ASCII. */
function encoded(envelope: Envelope): Record<string, string> {
  return { "content-type": "application/cloudevents+json", [ENVELOPE]: encodeURIComponent(JSON.stringify(envelope)) };
}
