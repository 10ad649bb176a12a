import type { Left } from "../../runner/mail-sites/session-cache.js";
import { leave } from "../../runner/net/smtp/leave.js";
import { replyOf, type SmtpSession } from "../../runner/net/smtp/session.js";
import { NO_ENVELOPE } from "../../runner/replies/envelope.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Failure } from "../../schemas/failure.js";
import type { Visiting } from "./check-site.js";
import { type Decision, decisionOfFailure, decisionOfReply, type Speaker } from "./decide.js";
import { isOver, type Visit } from "./evidence.js";
import { CLOSING, endVisit, openSession } from "./open-session.js";
import { leaveOpen, resume, sessionKey } from "./session-reuse.js";

/** A session that may be asked. */
export interface Conversation {
  readonly session: SmtpSession;
  readonly visit: Visit;
  readonly door: Speaker;
  readonly helloName: string;
  /** How many addresses it was asked for so far. */
  asked: number;
  /** What it runs under, where it may outlive this run. */
  readonly state: Left["state"] | null;
  /** An earlier job left it open. */
  readonly isResumed: boolean;
}

/** More addresses of mail hosts than anybody has are not dialled. */
const MOST_DOORS = 10;
/** A server that goes without a word twice, one after the other, is left alone. */
const MOST_FRUITLESS = 2;

/** The addresses of a site's mail hosts, and the one connection that is open to one of them. */
export class Doors {
  /** False once a connection was lost: perhaps it was too much at once. */
  mayPipeline = true;
  readonly #visiting: Visiting;
  readonly #doors: readonly Speaker[];
  #at = 0;
  #retriesLeft: number;
  #fruitless = 0;
  #open: Conversation | null = null;
  /** Every dial so far ended in silence. */
  #onlySilence = true;
  #mayResume = true;

  constructor(visiting: Visiting) {
    this.#visiting = visiting;
    this.#retriesLeft = visiting.patience.retries;
    this.#doors = visiting.round.hosts
      .flatMap(({ host, addresses }) => addresses.filter((each) => each.may_be_dialled).map(({ ip_address: ipAddress }) => ({ host, ipAddress })))
      .slice(0, MOST_DOORS);
  }

  /** True when all was dialled that there is, and nothing answered, not even to refuse. */
  get nobodyWasThere(): boolean {
    return this.#onlySilence && this.#open === null && this.#at > 0;
  }

  /** The open conversation, or a new one at the first door that opens; null when none does. `told` hears why each did not. */
  async enter(told: (decision: Decision, speaker: Speaker) => void): Promise<Conversation | null> {
    const { ctx } = this.#visiting;
    this.#resume();
    while (this.#open === null && this.#at < this.#doors.length && !isOver(ctx)) {
      const door = this.#doors[this.#at] as Speaker;
      const broken = await this.#try(door);
      if (broken === null) break;
      const decision = decisionOfBroken(broken);
      told(decision, door);
      this.#note(decision);
      if (this.#visiting.evidence.attempts.at(-1)?.ended_at === null) endVisit(this.#visiting.evidence.attempts.at(-1) as Visit, decision);
      // An address of a family that this machine does not have was not tried at all.
      if (mayTryNext(broken.failure, decision)) this.#next(broken.failure.code === "unreachable" ? 0 : 1);
      else this.#at = this.#doors.length;
    }
    return this.#open;
  }

  /** The conversation ended in the middle. `wasOfUse`: it has answered something. */
  async lost({ code, reason }: Decision, wasOfUse: boolean): Promise<void> {
    const wasResumed = this.#open?.isResumed === true;
    await this.leave();
    // It was about to end by itself: that says nothing of what a new one would be like.
    if (wasResumed && !wasOfUse) return;
    this.mayPipeline = false;
    this.#fruitless = wasOfUse ? 0 : this.#fruitless + 1;
    const isElsewhere = code === CLOSING || reason === "no_answer" || this.#fruitless >= MOST_FRUITLESS;
    if (isElsewhere) this.#next(1);
  }

  async leave(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    await leave(open.session);
    open.state?.letGo();
  }

  /** The end of this visit. In a queue, the next job may go on with the session. */
  async rest(): Promise<void> {
    if (this.#open !== null && leaveOpen(this.#visiting, this.#key, this.#open)) this.#open = null;
    await this.leave();
  }

  #resume(): void {
    if (!this.#mayResume) return;
    this.#mayResume = false;
    this.#open = resume(this.#visiting, this.#key);
    if (this.#open !== null) this.#onlySilence = false;
  }

  get #key(): string {
    return sessionKey(this.#visiting, this.#doors);
  }

  #next(cost: 0 | 1): void {
    this.#fruitless = 0;
    this.#at = this.#retriesLeft >= cost ? this.#at + 1 : this.#doors.length;
    this.#retriesLeft -= cost;
  }

  /** Null when it is open. */
  async #try(door: Speaker): Promise<FailureError | null> {
    const { ctx, input, evidence, identity, patience } = this.#visiting;
    let helloName = "";
    const state = ctx.sites.lingering?.newState() ?? null;
    try {
      const opened = await openSession(
        ctx,
        input,
        {
          ...door,
          context: state?.context ?? ctx,
          connectTimeoutMs: patience.connect_timeout_ms,
          commandTimeoutMs: patience.command_timeout_ms,
          helloName: (connection) => {
            helloName = identity.helloName(connection);
            evidence.helo_domain = helloName;
            return helloName;
          },
        },
        evidence.attempts,
      );
      this.#onlySilence = false;
      ctx.sites.sawOpen(input.mx_port);
      this.#open = { ...opened, door, helloName, asked: 0, state, isResumed: false };
      return null;
    } catch (error) {
      state?.letGo();
      if (!(error instanceof FailureError)) throw error;
      const { phase, code } = error.failure;
      if (phase !== "connect" || (code !== "timeout" && code !== "unreachable")) this.#onlySilence = false;
      return error;
    }
  }

  #note({ decided_at: at, reason, failure }: Decision): void {
    const { seen } = this.#visiting;
    if (at === "connect") seen.push({ kind: "connect_failed", ms: null });
    else if (failure?.code === "timeout") seen.push({ kind: "timeout", ms: null });
    else if (reason === "client_blocked" || reason === "rate_limited") seen.push({ kind: "refused_us", ms: null });
  }
}

/** What kept us from asking. A reply is read by the table; it cannot be about a mailbox. */
function decisionOfBroken(broken: FailureError): Decision {
  const { phase, code } = broken.failure;
  const reply = replyOf(broken);
  if (code !== "reply_rejected" || reply === null || (phase !== "greeting" && phase !== "ehlo" && phase !== "starttls"))
    return decisionOfFailure(broken.failure);
  return decisionOfReply(phase, reply, NO_ENVELOPE);
}

/**
 * Another mail host is worth trying when this one could not be reached, or will be back (421, 4yz at the greeting), or says that it
 * is none (RFC 7504). A 5yz is a no, and the next host of the same site would say it again.
 */
function mayTryNext({ phase, code, reply_code: replyCode }: Failure, { reason }: Decision): boolean {
  if (code === "cancelled") return false;
  if (code !== "reply_rejected") return phase === "connect" || code !== "unsupported";
  return replyCode === CLOSING || (replyCode !== null && replyCode < 500) || reason === "no_mail_host";
}
