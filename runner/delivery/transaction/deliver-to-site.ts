import type { Failure } from "../../../schemas/failure.js";
import type { Endpoint } from "../../mail-sites/endpoint.js";
import { type AfterFailure, EndpointWalk, triedUnlessUnreachable } from "../../mail-sites/endpoint-walk.js";
import type { PooledSession } from "../../mail-sites/pooled-session.js";
import { has } from "../../net/smtp/capabilities.js";
import { CLOSING } from "../../net/smtp/reply.js";
import { replyOf } from "../../net/smtp/session.js";
import { FailureError } from "../../run/failure-error.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import { isOpen, type Recipient } from "../message/recipient.js";
import { decidedHere, decisionOfFailure } from "../outcome/decide.js";
import { type Broken, type Decision, type Speaker, US } from "../outcome/decision.js";
import type { Destination } from "../route/destination.js";
import type { Connector } from "../session/connector.js";
import type { Feedback } from "../session/destination-limiter.js";
import { Attempt } from "./attempt.js";
import { type TransactionResult, transact } from "./transact.js";

/** One turn at a destination, from its first endpoint to its last. */
export class SiteDelivery {
  lastBroken: Broken | null = null;
  /** Too many sessions at the same time: it may be accepted once other sessions of this process have ended. */
  isTurnedAway = false;
  #wasGreeted = false;
  #greetings = 0;
  /** A session that had carried messages refused this one at MAIL: a new one may accept it. */
  #isReuseRefused = false;
  readonly #fallbacks = new Map<Recipient, Decision>();

  constructor(
    readonly connector: Connector,
    readonly message: OutboundMessage,
    readonly destination: Destination,
  ) {}

  get feedback(): Feedback {
    if (this.#wasGreeted) return "good";
    // A 421 has been handled already.
    if (this.isTurnedAway) return "none";
    return this.message.run.deadline.reason !== null || this.lastBroken === null ? "none" : "bad";
  }

  /** Settles every recipient; with `mayComeAgain`, except those that were rejected and may get another turn. */
  async run(mayComeAgain: boolean): Promise<void> {
    const reused = this.connector.reuse(this.destination);
    if (reused !== null) await this.#use(reused, null);
    if (this.#open.length > 0) await this.#tryEndpoints();
    if (mayComeAgain && this.isTurnedAway) return;
    for (const recipient of this.#open) recipient.settle(this.#fallbacks.get(recipient) ?? this.#unreached());
  }

  async #tryEndpoints(): Promise<void> {
    const { run, settings } = this.message;
    const walk = new EndpointWalk(this.destination.endpoints(), settings.limits.addresses_per_site, run.deadline);
    while (this.#open.length > 0) {
      const opened = await walk.open(
        (endpoint) => this.#connect(endpoint),
        (error, endpoint) => this.#notOpened(error, endpoint),
      );
      if (opened === null) return;
      // A session that ended because of its number of messages is followed by another with the same endpoint, and does not count as failed.
      if (await this.#use(opened.session, opened.attempt)) this.#greetings -= 1;
      else walk.next();
    }
  }

  get #open(): Recipient[] {
    return this.destination.recipients.filter(isOpen);
  }

  #unreached(): Decision {
    const { reason } = this.message.run.deadline;
    if (reason !== null) return decidedHere("later", "other", "probe", reason, "the run ended before this was tried", US);
    return decidedHere("failed", "configuration", "resolve", "not_permitted", `no address of ${this.destination.limiter.name} may be dialled`, US);
  }

  /** Null if no other host may be greeted. Throws what prevented a session. */
  async #connect(endpoint: Endpoint): Promise<{ session: PooledSession; attempt: Attempt } | null> {
    // A host that is this machine ends the walk.
    if (this.lastBroken?.failure.code === "not_permitted" || this.#greetings >= this.message.settings.limits.greetings_per_site) return null;
    const attempt = new Attempt(this.message, this.destination, endpoint, this.#open);
    try {
      const forbidden = this.#policyFailure(endpoint);
      if (forbidden !== null) throw new FailureError(forbidden);
      const session = await this.connector.open(this.message, this.destination, endpoint, attempt);
      this.#wasGreeted = true;
      this.#greetings += 1;
      this.message.helloName = session.helloName;
      return { session, attempt };
    } catch (error) {
      if (error instanceof FailureError) attempt.end("not_connected", error.failure);
      throw error;
    }
  }

  #notOpened(error: FailureError, endpoint: Endpoint): AfterFailure {
    const { failure } = error;
    if (failure === this.#policyFailure(endpoint)) {
      for (const recipient of this.#open) this.#fallbacks.set(recipient, decisionOfFailure(failure, US));
      return "untried";
    }
    this.#failed({ failure, reply: replyOf(error) }, this.#speakerOf(endpoint));
    return triedUnlessUnreachable(error);
  }

  /** The host's TLS policy forbids a connection, or cannot be determined now: another host may be usable. */
  #policyFailure({ host }: Endpoint): Failure | null {
    return this.destination.tlsOf(host)?.failure ?? null;
  }

  /** The decision unless another host accepts the message. */
  #failed(broken: Broken, speaker: Speaker): void {
    const { failure, reply } = broken;
    this.lastBroken = broken;
    if (failure.phase !== "connect" && failure.phase !== "resolve") this.#greetings += failure.phase === "greeting" ? 0 : 1;
    if (failure.reply_code === CLOSING) this.#backOff(broken);
    const decision = decisionOfFailure(failure, speaker, reply);
    for (const recipient of this.#open) this.#fallbacks.set(recipient, decision);
  }

  #backOff(broken: Broken): void {
    if (!this.destination.limiter.backOff(broken, null)) this.isTurnedAway = true;
  }

  #speakerOf({ host, ipAddress }: Endpoint): Speaker {
    return { saidBy: this.destination.way === "relay" ? "relay" : "mail_host", host, ipAddress };
  }

  /**
   * Sends as many transactions as possible over one session. `opening` is the attempt that opened it; null for a session that was open before. True
   * if the session ended with recipients left for a new one with the same endpoint.
   */
  async #use(session: PooledSession, opening: Attempt | null): Promise<boolean> {
    const { destination } = this;
    const speaker = this.#speakerOf(session.endpoint);
    let attempt = opening;
    for (let portion = this.#portion(session); portion.length > 0; portion = this.#portion(session)) {
      const isReused = session.used > 0;
      attempt ??= this.#reuseAttempt(session, portion);
      attempt.record.recipients = portion.map(({ index }) => index);
      const result = await transact(this.message, session, portion, speaker, attempt);
      attempt = null;
      if (isReused && result.mail === "refused" && !this.#isReuseRefused) return this.#refusedOnReuse(session, result);
      // A session that ended while idle says nothing about the site: a new connection is tried.
      const wasIdle = isReused && opening === null && result.settled.size === 0;
      await this.#settle(result);
      const isOver = result.broke !== null || result.closing !== null;
      if (isOver && wasIdle) {
        session.close();
        return false;
      }
      this.#wasGreeted = true;
      if (!isReused && this.#isReuseRefused && result.mail === "accepted") destination.limiter.takesOneMessagePerSession();
      if (result.closing !== null) this.#backOff({ failure: firstFailure(result.fallbacks) ?? (result.broke as Broken).failure, reply: result.closing });
      if (result.broke !== null) this.lastBroken = result.broke;
      if (isOver) {
        session.close();
        return false;
      }
      if (result.settled.size === 0) break;
      if (session.used >= destination.limiter.messagesPerSession && this.#open.length > 0) {
        await this.connector.release(this.message, destination, session);
        return true;
      }
    }
    await this.connector.release(this.message, destination, session);
    return false;
  }

  /** Some servers accept one message per connection, and refuse a second MAIL with any code: only a new connection shows what it means. */
  async #refusedOnReuse(session: PooledSession, { settled, fallbacks }: TransactionResult): Promise<boolean> {
    this.#isReuseRefused = true;
    for (const [recipient, decision] of [...settled, ...fallbacks]) this.#fallbacks.set(recipient, decision);
    if (session.isUsable) session.leaveInBackground();
    else session.close();
    return true;
  }

  /** The one place where the decisions of a transaction reach their recipients. */
  async #settle({ settled, fallbacks, isAnnounced }: TransactionResult): Promise<void> {
    for (const [recipient, decision] of settled) recipient.settle(decision);
    for (const [recipient, decision] of fallbacks) this.#fallbacks.set(recipient, decision);
    if (isAnnounced) await this.message.journal?.settled([...settled.keys(), ...fallbacks.keys()]);
  }

  /** The recipients of the next transaction. One that this server cannot accept must not block the others. */
  #portion({ session }: PooledSession): Recipient[] {
    const open = this.#open;
    const plain = has(session.capabilities, "SMTPUTF8") ? open : open.filter(({ mailbox }) => mailbox?.needsSmtpUtf8 === false);
    return (plain.length > 0 ? plain : open).slice(0, this.message.settings.limits.recipients_per_transaction);
  }

  #reuseAttempt(session: PooledSession, portion: readonly Recipient[]): Attempt {
    const attempt = new Attempt(this.message, this.destination, session.endpoint, portion);
    Object.assign(attempt.record, { reused: true, tls: session.tls, tls_version: session.session.connection.tls?.version ?? null });
    session.state?.use(attempt.recorder, this.message.run.deadline);
    this.message.helloName = session.helloName;
    return attempt;
  }
}

function firstFailure(fallbacks: ReadonlyMap<Recipient, Decision>): Failure | null {
  return fallbacks.values().next().value?.failure ?? null;
}
