import type { DeliveryAttempt } from "../../../schemas/delivery-attempt.js";
import type { DeliverySettings } from "../../../schemas/delivery-settings.js";
import type { DnsInput } from "../../../schemas/dns.js";
import type { NetworkInput } from "../../../schemas/network.js";
import type { ResolverGrant } from "../../net/dns/capability.js";
import type { Random } from "../../net/dns/shuffle.js";
import type { MailDsn, RcptDsn } from "../../net/smtp/dsn.js";
import type { Mailbox } from "../../net/smtp/mailbox.js";
import type { WireRun } from "../../run/run-state.js";
import type { PreparedMessage } from "./prepare-message.js";
import type { Priority } from "./priority.js";
import type { Recipient } from "./recipient.js";

/** How a message is sent. */
export interface TransportSettings
  extends Pick<
      DeliverySettings,
      "mode" | "relays" | "tls" | "limits" | "source_addresses" | "warm_up" | "suppress_bounces" | "mx_port" | "allow_private_addresses"
    >,
    Pick<NetworkInput, "address_family" | "connect_timeout_ms" | "command_timeout_ms">,
    Partial<DnsInput> {
  /** Null: this machine's host name. */
  readonly helo_domain: string | null;
}

/** One message for some recipients, on its way through the engine. */
export interface OutboundMessage {
  readonly prepared: PreparedMessage;
  /** Null: the null reverse-path. */
  readonly sender: Mailbox | null;
  readonly recipients: readonly Recipient[];
  readonly settings: TransportSettings;
  readonly priority: Priority;
  readonly dsn: { readonly mail: MailDsn; readonly rcpt: RcptDsn } | null;
  readonly requireTls: boolean;
  /** The run that it belongs to: its deadline, its recorder and its secrets. */
  readonly run: WireRun;
  readonly resolver: ResolverGrant;
  readonly random: Random;
  /** Every host that was tried, in order of time. */
  readonly attempts: DeliveryAttempt[];
  /** The name that was last sent in EHLO. */
  helloName: string | null;
  /** The longest wait for a turn at a site; after it the message is postponed. */
  readonly maxWaitMs: number;
  /** How many runs in a row it was postponed. */
  readonly postponed: number;
  readonly journal: Journal | null;
}

/** Stored so that killing this process neither loses nor duplicates a message. */
export interface Journal {
  /** Before the first byte of the message is sent. */
  aboutToSend(recipients: readonly Recipient[]): Promise<void>;
  /** After the outcome of each recipient is decided. */
  settled(recipients: readonly Recipient[]): Promise<void>;
}
