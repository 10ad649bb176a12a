import { endpointsOf, type MailHostEndpoint } from "../../runner/mail-sites/endpoint.js";
import { type AfterFailure, EndpointWalk, triedUnlessUnreachable } from "../../runner/mail-sites/endpoint-walk.js";
import { CLOSING } from "../../runner/net/smtp/reply.js";
import { replyOf } from "../../runner/net/smtp/session.js";
import type { SessionState } from "../../runner/net/smtp/session-state.js";
import { NO_ENVELOPE } from "../../runner/replies/envelope.js";
import type { FailureError } from "../../runner/run/failure-error.js";
import type { Failure } from "../../schemas/failure.js";
import { type Decision, decisionOfFailure, decisionOfReply, type Speaker } from "./decide.js";
import type { Conversation } from "./open-conversation.js";
import { endAttempt, openConversation } from "./open-conversation.js";
import type { Answer } from "./rcpt-transaction.js";
import { keepForReuse, resume, sessionKey } from "./session-reuse.js";
import type { SiteCheck } from "./site-check.js";

/** More addresses than any real site has are not dialled. */
const MAX_ENDPOINTS = 10;
/** After a server has hung up this often in a row without an answer, the next endpoint is tried. */
const MAX_FRUITLESS = 2;

/** Walks over the endpoints of a site's mail hosts, and holds the one open connection. */
export class MxConnector {
  /** False once a connection was lost: pipelining may have been the reason. */
  mayPipeline = true;
  /** As the input says, or fewer if the server has refused more. */
  addressesPerConnection: number;
  readonly #check: SiteCheck;
  readonly #walk: EndpointWalk<MailHostEndpoint>;
  readonly #key: string;
  #fruitless = 0;
  #open: Conversation | null = null;
  #hasDialled = false;
  /** No dial so far got an answer. */
  #onlySilence = true;
  #mayResume = true;
  #mayAskAnew = true;

  constructor(check: SiteCheck) {
    const { batch, input, timeouts, ctx } = check;
    const endpoints = endpointsOf(batch.hosts, input.mx_port).slice(0, MAX_ENDPOINTS);
    this.#check = check;
    this.addressesPerConnection = input.addresses_per_connection;
    this.#walk = new EndpointWalk(endpoints, timeouts.retries + 1, ctx.run.deadline);
    this.#key = ctx.sites.sessions === null ? "" : sessionKey(check, endpoints);
  }

  /** True if endpoints were dialled and none answered, not even with a refusal. */
  get isUnreachable(): boolean {
    return this.#hasDialled && this.#onlySilence && this.#open === null;
  }

  /**
   * The open conversation, or a new one at the first endpoint that can be asked; null if there is none. `at`: only this endpoint will do.
   * `failed` is called with the reason for each that could not be asked.
   */
  async open(failed: (decision: Decision, speaker: Speaker) => void, at: Speaker | null = null): Promise<Conversation | null> {
    this.#resume();
    if (this.#open !== null) return at === null || isSameEndpoint(this.#open.endpoint, at) ? this.#open : null;
    this.#open = await this.#walk.open(
      (endpoint) => (at === null || isSameEndpoint(endpoint, at) ? this.#connect(endpoint) : null),
      (error, endpoint) => {
        const decision = decisionOfBroken(error);
        failed(decision, endpoint);
        return this.#notOpened(error, decision);
      },
    );
    return this.#open;
  }

  /**
   * True if MAIL was refused on a session that had been used before: the server may take no more transactions in it. Once, the rest is asked for on
   * a new connection, and no connection is used for more from then on.
   */
  hasUsedUp(answers: readonly Answer[]): boolean {
    const index = answers.findIndex(({ kind }) => kind !== "answered");
    const first = answers[index];
    const asked = (this.#open?.pooled.used ?? 0) + index;
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
    if (!isElsewhere) return;
    this.#fruitless = 0;
    this.#walk.next();
  }

  async leave(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    await open.pooled.leave();
    this.#release(open.pooled.state);
  }

  /** The end of this attempt. In a queue, the next job may continue with the session. */
  rest(): Promise<void> {
    if (this.#open !== null && keepForReuse(this.#check, this.#open)) this.#open = null;
    return this.leave();
  }

  #resume(): void {
    if (!this.#mayResume) return;
    this.#mayResume = false;
    this.#open = resume(this.#check, this.#key);
    if (this.#open !== null) this.#onlySilence = false;
  }

  async #connect(endpoint: MailHostEndpoint): Promise<Conversation> {
    const { ctx, batch } = this.#check;
    this.#hasDialled = true;
    const { sessions } = ctx.sites;
    const state = sessions === null ? null : await sessions.newState(batch.site);
    try {
      const opened = await openConversation(this.#check, endpoint, this.#key, state);
      this.#onlySilence = false;
      ctx.sites.sawOpen(endpoint.port);
      return opened;
    } catch (error) {
      this.#release(state);
      throw error;
    }
  }

  #notOpened(error: FailureError, decision: Decision): AfterFailure {
    const { phase, code } = error.failure;
    const last = this.#check.evidence.attempts.at(-1);
    if (phase !== "connect" || (code !== "timeout" && code !== "unreachable")) this.#onlySilence = false;
    this.#note(decision);
    if (last?.ended_at === null) endAttempt(last, decision);
    this.#fruitless = 0;
    return mayTryNext(error.failure, decision) ? triedUnlessUnreachable(error) : "last";
  }

  #release(state: SessionState | null): void {
    if (state !== null) this.#check.ctx.sites.sessions?.release(state);
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

/** Why the endpoint could not be asked. A reply is classified; it cannot be about a mailbox. */
function decisionOfBroken(broken: FailureError): Decision {
  const { phase, code } = broken.failure;
  const reply = replyOf(broken);
  if (code !== "reply_rejected" || reply === null || (phase !== "greeting" && phase !== "ehlo" && phase !== "starttls"))
    return decisionOfFailure(broken.failure);
  return decisionOfReply(phase, reply, NO_ENVELOPE);
}

/**
 * Another mail host is worth trying if this one could not be reached, or will be back (421, 4yz at the greeting), or says that it
 * is none (RFC 7504). A 5yz reply is a refusal, and the next host of the same site would repeat it.
 */
function mayTryNext({ phase, code, reply_code: replyCode }: Failure, { reason }: Decision): boolean {
  if (code === "cancelled") return false;
  if (code !== "reply_rejected") return phase === "connect" || code !== "unsupported";
  return replyCode === CLOSING || (replyCode !== null && replyCode < 500) || reason === "no_mail_host";
}
