import type { Message } from "../backend.js";
import type { LastFailure } from "../last-failure.js";
import { NO_MEMORY } from "./leases.js";

/** What of a message stands in headers. The body is the payload, byte for byte, for whoever reads the stream with other tools. */
export interface Envelope {
  readonly id: string;
  readonly key: string | null;
  readonly priority: number;
  /** Not before this moment, on the server's clock. */
  readonly due: number | null;
  /** Not there in messages that weigh 1. */
  readonly weight?: number;
}

/** What of a dead letter is not in its envelope. */
export interface Letter {
  readonly attempts: number;
  readonly failure: LastFailure;
  /** As in the record of its last lease. */
  readonly kept: number | null;
  readonly part: number;
}

interface HeaderSource {
  get(name: string): string;
}

const ENVELOPE = "probe-run-message";
const LETTER = "probe-run-letter";

export function headersOf({ id, key, priority, weight = 1 }: Message, due: number | null): Record<string, string> {
  return written({ id, key, priority, due, ...(weight === 1 ? {} : { weight }) });
}

export function revivedHeaders(envelope: Envelope): Record<string, string> {
  return written({ ...envelope, due: null });
}

export function letterHeaders(envelope: Envelope, letter: Letter): Record<string, string> {
  return { ...written(envelope), [LETTER]: encodeURIComponent(JSON.stringify(letter)) };
}

/** Null for a message that somebody else put there. */
export function envelopeIn(headers: HeaderSource | undefined): Envelope | null {
  const text = headers?.get(ENVELOPE) ?? "";
  return text === "" ? null : (JSON.parse(decodeURIComponent(text)) as Envelope);
}

/** Somebody else's message is told from others by its subject. Whoever claims it will see that it is no event of ours. */
export function envelopeOf(subject: string, headers: HeaderSource | undefined): Envelope {
  return envelopeIn(headers) ?? { id: subject, key: null, priority: 0, due: null };
}

export function letterIn(headers: HeaderSource): Letter {
  return { ...NO_MEMORY, ...(JSON.parse(decodeURIComponent(headers.get(LETTER))) as Letter) };
}

/** A header holds one line of ASCII. */
function written(envelope: Envelope): Record<string, string> {
  return { "content-type": "application/cloudevents+json", [ENVELOPE]: encodeURIComponent(JSON.stringify(envelope)) };
}
