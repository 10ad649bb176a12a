import { leave } from "../../net/smtp/leave.js";
import type { SmtpSession } from "../../net/smtp/session.js";
import type { SessionState } from "../../net/smtp/session-state.js";
import { monotonic } from "../../run/clock.js";

/** One address of a mail host or a relay. */
export interface Endpoint {
  readonly host: string;
  /** Null for a relay given by name: its addresses are looked up and tried together. */
  readonly ipAddress: string | null;
  readonly port: number;
}

/** A session that may carry one message after another. */
export class PooledSession {
  /** How many messages it has carried. */
  used = 0;
  idleSince = 0;

  constructor(
    readonly session: SmtpSession,
    readonly state: SessionState,
    readonly endpoint: Endpoint,
    /** Only messages with the same key may use it: the same source address and the same TLS requirements. */
    readonly key: string,
    readonly helloName: string,
    readonly tls: "none" | "secured" | "refused" | "failed",
  ) {}

  /** False after it broke or the server ended it. */
  get isUsable(): boolean {
    return this.session.connection.broken === null && this.session.farewell === null;
  }

  rest(): void {
    this.state.letGo();
    this.idleSince = monotonic();
  }

  close(): void {
    this.session.close();
    this.state.end();
  }

  /** Sends QUIT, as an operation of the message that uses it. */
  async leave(): Promise<void> {
    await leave(this.session);
    this.state.end();
  }

  /** The same without waiting for it. */
  leaveInBackground(): void {
    this.state.letGo();
    void this.leave();
  }
}
