import type { DeliveryAttempt, DeliverySettings } from "../../../schemas/delivery.js";
import type { DnsInput } from "../../../schemas/dns.js";
import type { NetworkInput } from "../../../schemas/network.js";
import type { ResolverGrant } from "../../net/dns/capability.js";
import type { Random } from "../../net/dns/shuffle.js";
import type { MailDsn, RcptDsn } from "../../net/smtp/dsn.js";
import type { Mailbox } from "../../net/smtp/mailbox.js";
import type { RunState } from "../../run/run-state.js";
import type { Mail } from "./prepare-message.js";
import type { Rank } from "./priority.js";
import type { Recipient } from "./recipient.js";

/** How the world is talked to for an order. */
export interface Manners
  extends Pick<
      DeliverySettings,
      "mode" | "relays" | "tls" | "limits" | "source_addresses" | "warm_up" | "suppress_bounces" | "mx_port" | "allow_private_addresses"
    >,
    Pick<NetworkInput, "address_family" | "connect_timeout_ms" | "command_timeout_ms">,
    Partial<DnsInput> {
  /** Null: this machine's own name. */
  readonly helo_domain: string | null;
}

/** One message for some recipients, on its way through the engine. */
export interface Order {
  readonly mail: Mail;
  /** Null: the null reverse-path. */
  readonly sender: Mailbox | null;
  readonly recipients: readonly Recipient[];
  readonly manners: Manners;
  readonly rank: Rank;
  readonly dsn: { readonly mail: MailDsn; readonly rcpt: RcptDsn } | null;
  readonly requireTls: boolean;
  /** The run that it belongs to: its deadline, its recorder and its secrets. */
  readonly run: RunState;
  readonly resolver: ResolverGrant;
  readonly random: Random;
  /** Every host that was tried, in the order in which it was. */
  readonly attempts: DeliveryAttempt[];
  /** The name that was said last in EHLO. */
  helloName: string | null;
  /** Longer than this it does not wait for the pace of a site: it comes again. */
  readonly mostWaitMs: number;
  /** How often it has come again for nothing, since its turn had not come. */
  readonly postponed: number;
  readonly journal: Journal | null;
}

/** What is written down, so that killing this process loses nothing and doubles nothing. */
export interface Journal {
  /** Before the first byte of the message goes out. */
  aboutToSend(recipients: readonly Recipient[]): Promise<void>;
  /** When it is decided what became of them. */
  settled(recipients: readonly Recipient[]): Promise<void>;
}
