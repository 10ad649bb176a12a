import { monotonic } from "../../clock.js";
import type { RunState } from "../../context.js";
import type { EndReason, Watched } from "../../deadline.js";
import { Deadline } from "../../deadline.js";
import { tcpGrant } from "../../net/dial.js";
import { leave } from "../../net/smtp/leave.js";
import type { SmtpContext, SmtpSession } from "../../net/smtp/session.js";
import { tlsGrant } from "../../net/tls.js";
import type { Recorder } from "../../recorder.js";
import type { SecretKeeper } from "../../secret-keeper.js";
import { NOBODYS } from "../visit/attempt-recorder.js";

/** One address of a mail host or a relay. */
export interface Door {
  readonly host: string;
  /** Null for a relay by name: its addresses are looked up, and tried, as one. */
  readonly ipAddress: string | null;
  readonly port: number;
}

/**
 * The state under which a session runs. It outlives the run that opened it: what is said on it is recorded by whoever uses it just now, and it ends
 * with that one's deadline only while he does.
 */
export class SessionState implements RunState, Watched {
  recorder: Recorder = NOBODYS;
  readonly deadline = new Deadline(Number.POSITIVE_INFINITY, undefined);
  readonly memory = null;
  readonly context: SmtpContext;
  readonly dueAt = 0;
  #user: Deadline | null = null;

  constructor(readonly secrets: SecretKeeper) {
    this.context = { tcp: tcpGrant(this), tls: tlsGrant(this) };
  }

  use(recorder: Recorder, deadline: Deadline): void {
    this.recorder = recorder;
    this.#user = deadline;
    deadline.watch(this);
  }

  letGo(): void {
    this.#user?.unwatch(this);
    this.#user = null;
    this.recorder = NOBODYS;
  }

  /** The session is over: leaves no timer behind that would keep the process. */
  end(): void {
    this.letGo();
    this.deadline.release();
  }

  overdue(): void {}

  ended(reason: EndReason): void {
    this.deadline.end(reason);
  }
}

/** A session that may carry one message after another. */
export class PooledSession {
  /** How many messages it has carried. */
  used = 0;
  idleSince = 0;

  constructor(
    readonly session: SmtpSession,
    readonly state: SessionState,
    readonly door: Door,
    /** Only who may use it: the same source address, the same demands on TLS. */
    readonly key: string,
    readonly helloName: string,
    readonly tls: "none" | "secured" | "refused" | "failed",
  ) {}

  /** False once it broke, or the server has said goodbye. */
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

  /** Says goodbye, as an operation of whoever uses it. */
  async leave(): Promise<void> {
    await leave(this.session);
    this.state.end();
  }

  /** The same, for nobody to wait for. */
  leaveBehind(): void {
    this.state.letGo();
    void this.leave();
  }
}
