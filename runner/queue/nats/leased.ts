import type { Delivery } from "../backend.js";
import type { Envelope } from "./envelope.js";

/** A message that this process holds. */
export interface Leased extends Delivery {
  readonly envelope: Envelope;
  readonly token: string;
  /** Where NATS is told what became of it. */
  readonly reply: string;
  /** The record of this lease; a heartbeat writes a new one. */
  fence: number;
}
