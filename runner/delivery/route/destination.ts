import type { DeliveryWay } from "../../../schemas/delivery-route.js";
import type { RelayInput } from "../../../schemas/delivery-settings.js";
import type { TlsResultType } from "../../../schemas/tls-policy.js";
import type { HostTls } from "../../tls-policy/policy.js";
import type { Recipient } from "../message/recipient.js";
import type { DestinationLimiter } from "../session/destination-limiter.js";
import type { Endpoint } from "../session/pooled-session.js";

/** Where the message of some recipients goes: a mail site with the hosts of their domain, or a relay. */
export interface Destination {
  readonly way: DeliveryWay;
  /** The mail site; null for a relay. */
  readonly site: string | null;
  readonly limiter: DestinationLimiter;
  readonly sourceAddress: string | null;
  /** Its addresses in the order in which to try them. Called when a connection is to be made. */
  endpoints(): readonly Endpoint[];
  /** Names of hosts whose open sessions may be used. */
  readonly hosts: ReadonlySet<string>;
  /** What an open session with a host must have been opened for. */
  keyOf(host: string): string;
  /** The TLS that a mail host requires; null for a relay. */
  tlsOf(host: string): HostTls | null;
  /** What was wrong with the domain's TLS policy itself; null if nothing was, and for a relay. */
  readonly policyProblem: TlsResultType | null;
  /** The same site as reached by some of these recipients from another source address; null for a relay. */
  readonly from: ((sourceAddress: string | null, recipients: readonly Recipient[]) => Destination) | null;
  /** Null for a mail host. */
  readonly relay: RelayInput | null;
  readonly recipients: readonly Recipient[];
}
