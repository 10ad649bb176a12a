import { leave } from "../../runner/net/smtp/leave.js";
import { CLOSING } from "../../runner/net/smtp/reply.js";
import { replyOf } from "../../runner/net/smtp/session.js";
import { NO_ENVELOPE } from "../../runner/replies/envelope.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Failure } from "../../schemas/failure.js";
import type { Conversation } from "./conversation.js";
import { type Decision, decisionOfFailure, decisionOfReply, type Speaker } from "./decide.js";
import { type Attempt, isOver } from "./evidence.js";
import { endAttempt, openSession } from "./open-session.js";
import type { Answer } from "./rcpt-transaction.js";
import { keepForReuse, resume, sessionKey } from "./session-reuse.js";
import type { SiteCheck } from "./site-check.js";

/** More addresses than any real site has are not dialled. */
const MAX_ENDPOINTS = 10;
/** A server that hangs up this often in a row without an answer is left alone. */
const MAX_FRUITLESS = 2;

/** Tries the endpoints of a site's mail hosts in order, and holds the one open connection. */
export class MxConnector {
  /** False once a connection was lost: pipelining may have been the reason. */
  mayPipeline = true;
  /** As the input says, or fewer if the server has refused more. */
  addressesPerConnection: number;
  readonly #check: SiteCheck;
  readonly #endpoints: readonly Speaker[];
  #at = 0;
  #retriesLeft: number;
  #fruitless = 0;
  #open: Conversation | null = null;
  /** No dial so far got an answer. */
  #onlySilence = true;
  #mayResume = true;
  #mayAskAnew = true;

  constructor(check: SiteCheck) {
    this.#check = check;
    this.addressesPerConnection = check.input.addresses_per_connection;
    this.#retriesLeft = check.timeouts.retries;
    this.#endpoints = check.batch.hosts
      .flatMap(({ host, addresses }) => addresses.filter((each) => each.may_be_dialled).map(({ ip_address: ipAddress }) => ({ host, ipAddress })))
      .slice(0, MAX_ENDPOINTS);
  }

  /** True if every endpoint was dialled and none answered, not even with a refusal. */
  get isUnreachable(): boolean {
    return this.#onlySilence && this.#open === null && this.#at > 0;
  }

  /**
   * The open conversation, or a new one at the first endpoint that can be asked; null if there is none. `at`: only this endpoint will do.
   * `failed` is called with the reason for each that could not be asked.
   */
  async open(failed: (decision: Decision, speaker: Speaker) => void, at: Speaker | null = null): Promise<Conversation | null> {
    const { ctx, evidence } = this.#check;
    this.#resume();
    if (at !== null && this.#open !== null && !isSameEndpoint(this.#open.endpoint, at)) return null;
    while (this.#open === null && this.#at < this.#endpoints.length && !isOver(ctx)) {
      const endpoint = this.#endpoints[this.#at] as Speaker;
      if (at !== null && !isSameEndpoint(endpoint, at)) return null;
      const broken = await this.#try(endpoint);
      if (broken === null) break;
      const decision = decisionOfBroken(broken);
      failed(decision, endpoint);
      this.#note(decision);
      if (evidence.attempts.at(-1)?.ended_at === null) endAttempt(evidence.attempts.at(-1) as Attempt, decision);
      // An address of a family that this machine does not have was not tried at all.
      if (mayTryNext(broken.failure, decision)) this.#next(broken.failure.code === "unreachable" ? 0 : 1);
      else this.#at = this.#endpoints.length;
    }
    return this.#open;
  }

  /**
   * True if MAIL was refused on a session that had been used before: the server may take no more transactions in it. Once, the rest is asked for on
   * a new connection, and no connection is used for more from then on.
   */
  hasUsedUp(answers: readonly Answer[]): boolean {
    const index = answers.findIndex(({ kind }) => kind !== "answered");
    const first = answers[index];
    const asked = (this.#open?.asked ?? 0) + index;
    if (first?.kind !== "refused" || first.decision.decided_at !== "mail" || asked === 0 || !this.#mayAskAnew) return false;
    this.#mayAskAnew = false;
    this.addressesPerConnection = Math.min(asked, this.addressesPerConnection);
    return true;
  }

  /** The conversation broke. `wasOfUse`: it had answered something. */
  async lost({ code, reason }: Decision, wasOfUse: boolean): Promise<void> {
    const wasResumed = this.#open?.isResumed === true;
    await this.leave();
    // A kept session that had expired says nothing of a new one.
    if (wasResumed && !wasOfUse) return;
    this.mayPipeline = false;
    this.#fruitless = wasOfUse ? 0 : this.#fruitless + 1;
    const isElsewhere = code === CLOSING || reason === "no_answer" || this.#fruitless >= MAX_FRUITLESS;
    if (isElsewhere) this.#next(1);
  }

  async leave(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    await leave(open.session);
    this.#release(open.state);
  }

  /** The end of this attempt. In a queue, the next job may continue with the session. */
  async rest(): Promise<void> {
    if (this.#open !== null && keepForReuse(this.#check, this.#key, this.#open)) this.#open = null;
    await this.leave();
  }

  #resume(): void {
    if (!this.#mayResume) return;
    this.#mayResume = false;
    this.#open = resume(this.#check, this.#key);
    if (this.#open !== null) this.#onlySilence = false;
  }

  get #key(): string {
    return sessionKey(this.#check, this.#endpoints);
  }

  #next(cost: 0 | 1): void {
    this.#fruitless = 0;
    this.#at = this.#retriesLeft >= cost ? this.#at + 1 : this.#endpoints.length;
    this.#retriesLeft -= cost;
  }

  /** Null when it is open. */
  async #try(endpoint: Speaker): Promise<FailureError | null> {
    const { ctx, input, evidence, identity, timeouts } = this.#check;
    let helloName = "";
    const state = (await ctx.sites.lingering?.newState(this.#check.batch.site)) ?? null;
    try {
      const opened = await openSession(
        ctx,
        input,
        {
          ...endpoint,
          context: state?.context ?? ctx,
          connectTimeoutMs: timeouts.connect_timeout_ms,
          commandTimeoutMs: timeouts.command_timeout_ms,
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
      this.#open = { ...opened, endpoint, helloName, asked: 0, state, isResumed: false };
      return null;
    } catch (error) {
      this.#release(state);
      if (!(error instanceof FailureError)) throw error;
      const { phase, code } = error.failure;
      if (phase !== "connect" || (code !== "timeout" && code !== "unreachable")) this.#onlySilence = false;
      return error;
    }
  }

  #release(state: Conversation["state"]): void {
    if (state !== null) this.#check.ctx.sites.lingering?.release(state);
  }

  #note({ decided_at: at, reason, failure }: Decision): void {
    const { observations } = this.#check;
    if (at === "connect") observations.push({ kind: "connect_failed", ms: null });
    else if (failure?.code === "timeout") observations.push({ kind: "timeout", ms: null });
    else if (reason === "client_blocked" || reason === "rate_limited") observations.push({ kind: "refused_us", ms: null });
  }
}

function isSameEndpoint(one: Speaker, other: Speaker): boolean {
  return one.host === other.host && one.ipAddress === other.ipAddress;
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
