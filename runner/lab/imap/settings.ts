import type { Certificate } from "../../net/transport/listen.js";
import type { Account } from "../smtp/settings.js";
import type { MailStore } from "../store/mail-store.js";

/** What a test wants to be done with a command, instead of or beside the usual. */
export interface ImapBehaviour {
  /** Closes the connection this long after the command arrived, whatever is in progress then. */
  readonly closeAfterMs?: number;
  /** The answer comes so much later. */
  readonly delayMs?: number;
  /** The tagged answer, as `NO [UNAVAILABLE] not now`: the command is not run. */
  readonly answer?: string;
}

export interface ImapCommand {
  /** In capitals, with its `UID ` if it has one. */
  readonly name: string;
  readonly argument: string;
  /** How many commands of this name came before it, over all connections. */
  readonly before: number;
}

export interface ImapSettings {
  /** Stands in the greeting. */
  name: string;
  tls: "none" | "starttls" | "implicit";
  /** Who may log in. Null: everybody is logged in from the start, and the greeting says so (PREAUTH). */
  auth: Account | null;
  /** Every answer comes this much later. */
  latencyMs: number;
  idleMs: number;
  /** Beside IMAP4rev1, STARTTLS and what belongs to the login. Those with a command of their own take it with them when they are missing. */
  capabilities: readonly string[];
  /** For TLS; one is made when there is none. */
  certificate: Certificate | null;
  behave: ((command: ImapCommand) => ImapBehaviour | undefined) | null;
}

/** What all sessions of a server share. */
export interface ImapState extends ImapSettings {
  readonly store: MailStore;
  /** How often each command came. */
  readonly counts: Map<string, number>;
}

export const LIMITS = {
  /** RFC 7162, section 4: a server should take lines of at least 8192 bytes. A lab takes no more. */
  commandLine: 8192,
  /** Before the login no command is long. */
  literalBeforeLogin: 8192,
  literal: 32 * 1024 * 1024,
  /** Unknown commands, after which the client is disconnected. */
  mistakes: 20,
  failedLogins: 3,
} as const;
