import type { IpAddress } from "./ip-address.js";
import type { SpfLookups } from "./lookups.js";

/** Who sent a message. */
export interface SpfQuestion {
  /** The client's address. */
  readonly ip: string;
  /** The name in HELO or EHLO. */
  readonly helo: string;
  /** The envelope's sender; empty for the null reverse-path, when the HELO name is checked (RFC 7208, section 2.4). */
  readonly sender: string;
  /** The host that asks, for %{r}. */
  readonly receiver?: string;
  readonly now?: () => number;
}

/** Everything that is the same for the record and for those that it includes. */
export interface Check {
  readonly address: IpAddress;
  readonly question: SpfQuestion;
  readonly localPart: string;
  readonly senderDomain: string;
  readonly lookups: SpfLookups;
}
