import type { PooledSession } from "../../runner/mail-sites/pooled-session.js";
import type { Speaker } from "./decide.js";
import type { Attempt } from "./evidence.js";

/** An open session that may be asked. `pooled.used` is the number of addresses that it was asked for so far. */
export interface Conversation {
  readonly pooled: PooledSession;
  readonly attempt: Attempt;
  readonly endpoint: Speaker;
  /** An earlier job left it open. */
  readonly isResumed: boolean;
}
