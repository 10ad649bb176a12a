import type { Message } from "../backend.js";
import type { LastFailure } from "../last-failure.js";
import { NO_STATE } from "./lease-records.js";

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

export function deadLetterHeaders(envelope: Envelope, letter: DeadLetterFields): Record<string, string> {
  return { ...encoded(envelope), [DEAD_LETTER]: encodeURIComponent(JSON.stringify(letter)) };
}

/** Null for a message that was not stored by probe-run. */
export function envelopeIn(headers: HeaderSource | undefined): Envelope | null {
  const text = headers?.get(ENVELOPE) ?? "";
  return text === "" ? null : (JSON.parse(decodeURIComponent(text)) as Envelope);
}

/** A foreign message is identified by its subject. The worker that claims it finds out that it is not a valid event. */
export function envelopeOf(subject: string, headers: HeaderSource | undefined): Envelope {
  return envelopeIn(headers) ?? { id: subject, key: null, priority: 0, due: null };
}

export function deadLetterFieldsIn(headers: HeaderSource): DeadLetterFields {
  return { ...NO_STATE, ...(JSON.parse(decodeURIComponent(headers.get(DEAD_LETTER))) as DeadLetterFields) };
}

/** A header is one line of ASCII. */
function encoded(envelope: Envelope): Record<string, string> {
  return { "content-type": "application/cloudevents+json", [ENVELOPE]: encodeURIComponent(JSON.stringify(envelope)) };
}
