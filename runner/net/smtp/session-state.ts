import type { Operation } from "../../../schemas/operation.js";
import { Deadline, type EndReason, type Watched } from "../../run/deadline.js";
import { Recorder } from "../../run/recorder.js";
import type { WireRun } from "../../run/run-state.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { tcpGrant } from "../transport/dial.js";
import { tlsGrant } from "../transport/tls.js";
import type { SmtpContext } from "./session.js";

/**
 * The state under which a session runs. It outlives the run that opened it: operations are recorded in the run that uses it at the time, and it ends
 * with that one's deadline only while he does.
 */
export class SessionState implements WireRun, Watched {
  recorder: Recorder = DISCARDING;
  readonly deadline = new Deadline(Number.POSITIVE_INFINITY, undefined);
  readonly context: SmtpContext;
  readonly dueAt = 0;
  #user: Deadline | null = null;

  constructor(
    readonly secrets: SecretKeeper,
    readonly targets: WireRun["targets"],
  ) {
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
    this.recorder = DISCARDING;
  }

  /** The session is over: clears its timers, which would keep the process alive. */
  end(): void {
    this.letGo();
    this.deadline.release();
  }

  overdue(): void {}

  ended(reason: EndReason): void {
    this.deadline.end(reason);
  }
}

/** For a session that is idle or closing: operations belong to no run then, and are not recorded. */
class Forgetful extends Recorder {
  constructor() {
    super(null);
  }

  override begin(name: string): Operation {
    return { name, at_ms: 0, duration_ms: null, code: null, message: null };
  }
}

const DISCARDING: Recorder = new Forgetful();
