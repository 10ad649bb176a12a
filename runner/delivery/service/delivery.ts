import type { DeliveryPriority, DeliveryReport, DeliveryWishes, GivenLetter } from "../../../schemas/delivery.js";
import type { Queue } from "../../queue/queue.js";
import type { EventReceiver } from "./event-dispatcher.js";
import type { GivenOptions } from "./options.js";
import type { DeliveryStats } from "./stats.js";

/** One message, and who gets it. */
export interface MailToSend extends Partial<Pick<DeliveryWishes, "dsn" | "requiretls">> {
  /** The envelope's sender; `<>` for none. */
  readonly mail_from: string;
  readonly recipients: readonly string[];
  /** The whole message, header and body; or its fields. */
  readonly message?: string | Uint8Array;
  readonly fields?: GivenLetter;
  readonly priority?: DeliveryPriority;
  /** In its events, which are told by it and their recipient: for each sending another. A new one by default. */
  readonly id?: string;
}

export interface SendOptions {
  /** Ends the delivery early; what was decided until then is in the report. */
  readonly signal?: AbortSignal;
}

export interface BulkOptions extends SendOptions {
  /** How many messages may be on their way at one time (1,000). */
  readonly concurrency?: number;
}

/** A delivery service of this process. */
export interface Delivery {
  /**
   * Brings one message to its recipients. What the world does is in the report; it rejects for a wrong request, and with an UntoldError, which
   * holds the report, where its events could not be stored.
   */
  send(mail: MailToSend, options?: SendOptions): Promise<DeliveryReport>;
  /** The reports are in the order of the messages. */
  sendBulk(mails: Iterable<MailToSend>, options?: BulkOptions): Promise<DeliveryReport[]>;
  stats(): DeliveryStats;
  /** The same, and more, as Prometheus reads it. */
  metrics(): string;
  /** Ends every session. What is on its way is cancelled. */
  close(): Promise<void>;
}

export type DeliveryOptions = GivenOptions &
  Partial<Listening> & {
    /** Read for what the options do not say. */
    readonly env?: Readonly<Record<string, string | undefined>>;
  };

export interface Listening {
  /** Gets what may pass, as jobs for `probe-run work`: its recipients are `queued` then. Secrets in the options must be references. Nobody by default. */
  readonly queue: Queue | null;
  /** Who is told what became of each recipient: send() resolves when it is stored there. Nobody by default. */
  readonly events: EventReceiver | null;
  /**
   * Is told of what went wrong with events and is tried again, of a queue that could not take what may pass, which is `failed` then, and, with a
   * BlocklistedError, of a block list that has an address of ours.
   */
  readonly onTrouble: (error: unknown) => void;
}
