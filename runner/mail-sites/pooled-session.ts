import { leave } from "../net/smtp/leave.js";
import type { SmtpSession } from "../net/smtp/session.js";
import type { SessionState } from "../net/smtp/session-state.js";
import { monotonic } from "../run/clock.js";
import type { Endpoint } from "./endpoint.js";
import type { TlsState } from "./open-session.js";

/** A session that may be used by one message or job after another. */
export class PooledSession {
  /** How many messages or addresses it was used for. */
  used = 0;
  /** On the monotonic clock, as `expiresAt`. */
  idleSince = 0;
  expiresAt = 0;

  constructor(
    readonly session: SmtpSession,
    /** What it runs under. Null: it belongs to one run, and ends with it. */
    readonly state: SessionState | null,
    readonly endpoint: Endpoint,
    /** Everything in which two sessions may differ: only who wants the same key may use it. */
    readonly key: string,
    readonly helloName: string,
    readonly tls: TlsState,
    /** On the monotonic clock; null if it does not matter. */
    readonly dialled: { readonly at: number; readonly connectedAt: number } | null = null,
  ) {}

  /** False after it broke or the server ended it. */
  get isUsable(): boolean {
    return this.session.connection.broken === null && this.session.farewell === null;
  }

  /** Nothing uses it for some time. */
  rest(idleMs: number): void {
    this.state?.letGo();
    this.idleSince = monotonic();
    this.expiresAt = this.idleSince + idleMs;
  }

  close(): void {
    this.session.close();
    this.state?.end();
  }

  /** Sends QUIT, as an operation of the run that uses it. */
  async leave(): Promise<void> {
    await leave(this.session);
    this.state?.end();
  }

  /** The same without waiting for it. */
  leaveInBackground(): void {
    this.state?.letGo();
    void this.leave();
  }
}
