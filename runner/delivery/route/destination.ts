import type { DeliveryWay } from "../../../schemas/delivery-route.js";
import type { RelayInput } from "../../../schemas/delivery-settings.js";
import type { TlsResultType } from "../../../schemas/tls-policy.js";
import type { Endpoint } from "../../mail-sites/endpoint.js";
import type { HostTls } from "../../tls-policy/policy.js";
import type { Recipient } from "../message/recipient.js";
import type { DestinationLimiter } from "../session/destination-limiter.js";

/** The destination of a message for some recipients: a mail site with the hosts of their domain, or a relay. */
export interface Destination {
  readonly way: DeliveryWay;
  /** The mail site; null for a relay. */
  readonly site: string | null;
  readonly limiter: DestinationLimiter;
  readonly sourceAddress: string | null;
  /** Its addresses in the order of attempts. Called when a connection is needed. */
  endpoints(): readonly Endpoint[];
  /** The hosts whose open sessions may be used. */
  readonly hosts: ReadonlySet<string>;
  /** The conditions under which an open session may be used. */
  keyOf(host: string): string;
  /** The TLS required by a mail host; null for a relay. */
  tlsOf(host: string): HostTls | null;
  /** The error of the domain's TLS policy; null if it has none, and for a relay. */
  readonly policyProblem: TlsResultType | null;
  /** The same site for some of these recipients, from another source address; null for a relay. */
  readonly from: ((sourceAddress: string | null, recipients: readonly Recipient[]) => Destination) | null;
  /** Null for a mail host. */
  readonly relay: RelayInput | null;
  readonly recipients: readonly Recipient[];
}
