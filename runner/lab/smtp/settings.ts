import type { Certificate } from "../../net/transport/listen.js";
import type { Greylist } from "./greylist.js";
import type { Mailbox, ReceivedMessage } from "./mailbox.js";
import type { Reply } from "./reply.js";

export interface Account {
  username: string;
  /** The password; for XOAUTH2, the access token. */
  password: string;
}

export interface ServerSettings {
  /** Stands in the greeting and in the answer to EHLO. */
  name: string;
  tls: "none" | "starttls" | "implicit";
  /** Accounts. Without one AUTH is not offered; with one, sending requires a login, and a login requires TLS if the server has TLS. */
  auth: Account | null;
  /** The largest message, in bytes. 0 says that there is no fixed limit. */
  size: number;
  /** How long a new pair of sender and recipient is rejected temporarily. 0 disables greylisting. */
  greylistMs: number;
  /** Every answer comes this much later. */
  latencyMs: number;
  idleMs: number;
  /** The EHLO keywords that need no code here, beside SIZE, STARTTLS and AUTH. */
  features: readonly string[];
  /** For TLS; one is made when there is none. */
  certificate: Certificate | null;
  /** Is handed each message as it is taken. It may answer something else than 250, or close and leave the client in doubt. */
  onMessage: ((message: ReceivedMessage) => Reply | "close" | undefined) | null;
}

/** What all sessions of a server share. */
export interface SharedState extends ServerSettings {
  mailbox: Mailbox;
  greylist: Greylist;
}

/** RFC 5321, 4.5.3.1: what a server must take at least; a lab takes no more, so that a client which needs more is noticed. */
export const LIMITS = {
  /** 4.5.3.1.4, with room for the parameters of MAIL (RFC 1870 26, RFC 4954 500, RFC 6152 17, RFC 6531 10). */
  commandLine: 510 + 553,
  /** RFC 4954, 4.1. */
  authLine: 12_288 - 2,
  /** 4.5.3.1.6, without its CR LF. */
  textLine: 998,
  /** 4.5.3.1.8. */
  recipients: 100,
  /** Mistakes after which a client is sent away. */
  mistakes: 20,
  /** Failed logins after which a client is sent away. */
  failedLogins: 3,
} as const;
