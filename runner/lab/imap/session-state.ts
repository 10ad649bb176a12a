import type { Peer } from "../client-connection.js";
import type { View } from "./sequence-view.js";
import type { ImapState } from "./settings.js";

/** The state of one connection (RFC 9051, section 3). */
export interface Session {
  readonly peer: Peer;
  readonly server: ImapState;
  secure: boolean;
  username: string | null;
  view: View | null;
  failedLogins: number;
  /** Sends untagged lines, one character a byte. */
  tell(...lines: readonly string[]): Promise<void>;
}

/** The tagged end of a command, without its tag. */
export interface Outcome {
  readonly text: string;
  /** The server closes after it. */
  readonly close?: boolean;
  /** TLS begins after it. */
  readonly startTls?: boolean;
}
