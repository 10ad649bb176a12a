import type { IdleSession } from "../../runner/mail-sites/session-cache.js";
import type { SmtpSession } from "../../runner/net/smtp/session.js";
import type { Speaker } from "./decide.js";
import type { Attempt } from "./evidence.js";

/** An open session that may be asked. */
export interface Conversation {
  readonly session: SmtpSession;
  readonly attempt: Attempt;
  readonly endpoint: Speaker;
  readonly helloName: string;
  /** How many addresses it was asked for so far. */
  asked: number;
  /** What the session runs under if it may outlive this run. */
  readonly state: IdleSession["state"] | null;
  /** An earlier job left it open. */
  readonly isResumed: boolean;
}
