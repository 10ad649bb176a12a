import type { DeliveryWay, RelayInput } from "../../../schemas/delivery.js";
import type { HostTls } from "../../tls-policy/policy.js";
import type { Recipient } from "../message/recipient.js";
import type { Lane } from "../session/destination-limiter.js";
import type { Door } from "../session/pooled-session.js";

/** Where some recipients' message goes: a mail site with the hosts of their domain, or a relay. */
export interface Destination {
  readonly way: DeliveryWay;
  /** The mail site; null for a relay. */
  readonly site: string | null;
  readonly lane: Lane;
  readonly sourceAddress: string | null;
  /** Its addresses in the order in which to try them. Asked for when a connection is to be made. */
  doors(): readonly Door[];
  /** Names of hosts at which an open session may be used. */
  readonly hosts: ReadonlySet<string>;
  /** What an open session with a host must have been opened for. */
  keyOf(host: string): string;
  /** What TLS a mail host is owed; null for a relay. */
  ruleOf(host: string): HostTls | null;
  /** The same site as some of these recipients reach it from another of our addresses; null for a relay. */
  readonly from: ((sourceAddress: string | null, recipients: readonly Recipient[]) => Destination) | null;
  /** Null for a mail host. */
  readonly relay: RelayInput | null;
  readonly recipients: readonly Recipient[];
}
