import type { Peer } from "../client-connection.js";
import type { Reply } from "./reply.js";
import type { SharedState } from "./settings.js";

/** The state of one connection (RFC 5321, section 4.1.4). */
export interface Session {
  readonly peer: Peer;
  readonly server: SharedState;
  secure: boolean;
  /** The name that EHLO or HELO gave; null before it. */
  helo: string | null;
  username: string | null;
  transaction: Transaction | null;
  failedLogins: number;
  /** Sends a reply that is not the last of its command: 334 and 354. */
  say(reply: Reply): Promise<void>;
}

export interface Transaction {
  from: string;
  utf8: boolean;
  recipients: string[];
}
