import type { DeliveryPriority, GivenMessage, MessageOptions } from "../../../schemas/delivery-message.js";
import type { DeliveryReport } from "../../../schemas/delivery-report.js";
import type { Queue } from "../../queue/queue.js";
import type { EventReceiver } from "./event-dispatcher.js";
import type { GivenOptions } from "./options.js";
import type { DeliveryStats } from "./stats.js";

/** One message and its recipients. */
export interface MailToSend extends Partial<Pick<MessageOptions, "dsn" | "requiretls">> {
  /** The envelope sender; `<>` for none. */
  readonly mail_from: string;
  readonly recipients: readonly string[];
  /** The whole message, header and body; or its fields. */
  readonly message?: string | Uint8Array;
  readonly fields?: GivenMessage;
  readonly priority?: DeliveryPriority;
  /** Identifies its events, together with the recipient. A new one by default. */
  readonly id?: string;
}

export interface SendOptions {
  /** Ends the delivery early; the report has the decisions made by then. */
  readonly signal?: AbortSignal;
}

export interface BulkOptions extends SendOptions {
  /** How many messages are delivered at once (1,000). */
  readonly concurrency?: number;
}

/** A delivery service in this process. `await using` closes it at the end of the block. */
export interface Delivery extends AsyncDisposable {
  /**
   * Delivers one message to its recipients. Network outcomes are in the report. Rejects for an invalid request, and with an EventDeliveryError, which
   * contains the report, if its events could not be stored.
   */
  send(mail: MailToSend, options?: SendOptions): Promise<DeliveryReport>;
  /** The reports are in the order of the messages. */
  sendBulk(mails: Iterable<MailToSend>, options?: BulkOptions): Promise<DeliveryReport[]>;
  stats(): DeliveryStats;
  /** The statistics and more, in the Prometheus text format. */
  metrics(): string;
  /** Closes all sessions. Deliveries in progress are cancelled. */
  close(): Promise<void>;
}

export type DeliveryOptions = GivenOptions &
  Partial<Integrations> & {
    /** Provides defaults for missing options; the environment of the process by default. */
    readonly env?: Readonly<Record<string, string | undefined>>;
  };

export interface Integrations {
  /**
   * Receives recipients to retry as jobs for `probe-run work`; they are reported as `queued`. Secrets in the options must be references. None by
   * default.
   */
  readonly queue: Queue | null;
  /** Receives the outcome of each recipient: send() resolves once it is stored there. None by default. */
  readonly events: EventReceiver | null;
  /**
   * Called with errors of events that are retried, with the error of a queue that could not accept recipients to retry (which are `failed` then), and
   * with a BlocklistedError if a block list contains one of the service's addresses.
   */
  readonly onTrouble: (error: unknown) => void;
}
