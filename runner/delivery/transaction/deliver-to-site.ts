import type { Failure } from "../../../schemas/failure.js";
import { has } from "../../net/smtp/capabilities.js";
import { replyOf } from "../../net/smtp/session.js";
import { FailureError } from "../../run/failure-error.js";
import type { Engine } from "../engine.js";
import type { Order } from "../message/outbound-message.js";
import { isOpen, type Recipient } from "../message/recipient.js";
import { decidedHere, decisionOfFailure } from "../outcome/decide.js";
import { type Broken, type Decision, type Speaker, US } from "../outcome/decision.js";
import type { Destination } from "../route/destination.js";
import type { Feedback } from "../session/destination-limiter.js";
import { opened } from "../session/open.js";
import { CLOSING } from "../session/open-direct.js";
import type { Door, PooledSession } from "../session/pooled-session.js";
import { Attempt } from "./attempt.js";
import { transact } from "./transact.js";

/** One place in a lane, from the first host to the last. */
export class Stay {
  lastBroken: Broken | null = null;
  /** It was too many at one time: once others of ours have left, it may be let in. */
  isTurnedAway = false;
  /** Somebody let us in. */
  #wasGreeted = false;
  #greetings = 0;
  #tried = 0;
  readonly #fallbacks = new Map<Recipient, Decision>();

  constructor(
    readonly engine: Engine,
    readonly order: Order,
    readonly destination: Destination,
  ) {}

  get feedback(): Feedback {
    if (this.#wasGreeted) return "good";
    // A 421 has been heeded already.
    if (this.isTurnedAway) return "none";
    return this.order.run.deadline.reason !== null || this.lastBroken === null ? "none" : "bad";
  }

  /** Settles everyone; `mayComeAgain`: but for those who were turned away, whose turn may come again. */
  async run(mayComeAgain: boolean): Promise<void> {
    const reused = this.engine.pool.take(this.destination);
    if (reused !== null) await this.#use(reused, null);
    if (this.#open.length > 0) await this.#tryDoors();
    if (mayComeAgain && this.isTurnedAway) return;
    for (const recipient of this.#open) recipient.decision = this.#fallbacks.get(recipient) ?? this.#unreached();
  }

  async #tryDoors(): Promise<void> {
    const { destination } = this;
    for (const door of destination.doors()) {
      if (this.#open.length === 0 || !this.#mayTryOn) return;
      const attempt = new Attempt(this.order, destination, door, this.#open);
      const rule = destination.ruleOf(door.host);
      attempt.record.tls_policy = rule?.source ?? null;
      if (rule?.failure != null) {
        this.#notUsed(attempt, rule.failure);
        continue;
      }
      const pooled = await this.#enter(door, attempt);
      if (pooled !== null) await this.#use(pooled, attempt);
      // An address of a family that this machine does not have was not tried at all.
      if (pooled !== null || this.lastBroken?.failure.code !== "unreachable") this.#tried += 1;
    }
  }

  get #open(): Recipient[] {
    return this.destination.recipients.filter(isOpen);
  }

  /** Within bounds; and a host that is ourselves stands for all behind it. */
  get #mayTryOn(): boolean {
    const { run, manners } = this.order;
    const { addresses_per_site: mostTried, greetings_per_site: mostGreetings } = manners.limits;
    if (run.deadline.reason !== null || this.lastBroken?.failure.code === "not_permitted") return false;
    return this.#tried < mostTried && this.#greetings < mostGreetings;
  }

  #unreached(): Decision {
    const { reason } = this.order.run.deadline;
    if (reason !== null) return decidedHere("later", "other", "probe", reason, "the run ended before this was tried", US);
    return decidedHere("failed", "configuration", "resolve", "not_permitted", `no address of ${this.destination.lane.name} may be dialled`, US);
  }

  async #enter(door: Door, attempt: Attempt): Promise<PooledSession | null> {
    this.engine.pool.makeRoom(this.destination.lane);
    try {
      const pooled = await opened(this.engine, this.order, this.destination, door, attempt);
      this.#wasGreeted = true;
      this.#greetings += 1;
      this.order.helloName = pooled.helloName;
      return pooled;
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      attempt.end("not_connected", error.failure);
      this.#failed({ failure: error.failure, reply: replyOf(error) }, this.#speakerOf(door.host, door.ipAddress));
      return null;
    }
  }

  /** Its policy forbids to dial it, or nobody knows just now what its policy is: another host may do. */
  #notUsed(attempt: Attempt, failure: Failure): void {
    attempt.end("not_connected", failure);
    for (const recipient of this.#open) this.#fallbacks.set(recipient, decisionOfFailure(failure, US));
  }

  /** What keeps one host from taking it, unless another does. */
  #failed(broken: Broken, speaker: Speaker): void {
    const { failure, reply } = broken;
    this.lastBroken = broken;
    if (failure.phase !== "connect" && failure.phase !== "resolve") this.#greetings += failure.phase === "greeting" ? 0 : 1;
    if (failure.reply_code === CLOSING) this.#backOff(broken);
    const decision = decisionOfFailure(failure, speaker, reply);
    for (const recipient of this.#open) this.#fallbacks.set(recipient, decision);
  }

  #backOff(broken: Broken): void {
    if (!this.destination.lane.backOff(broken, null)) this.isTurnedAway = true;
  }

  #speakerOf(host: string, ipAddress: string | null): Speaker {
    return { saidBy: this.destination.way === "relay" ? "relay" : "mail_host", host, ipAddress };
  }

  /** Carries as much as there is over one session. `attempt` is the one that opened it; null for a session that was open before. */
  async #use(pooled: PooledSession, attempt: Attempt | null): Promise<void> {
    const { order, destination } = this;
    const speaker = this.#speakerOf(pooled.door.host, pooled.door.ipAddress);
    let current = attempt;
    for (let portion = this.#portion(pooled); portion.length > 0; portion = this.#portion(pooled)) {
      const isFresh = current !== null;
      current ??= this.#anotherAttempt(pooled, portion);
      current.record.recipients = portion.map(({ index }) => index);
      const { broke, closing, fallbacks } = await transact(order, pooled, portion, speaker, current);
      const wasIdle = !isFresh && attempt === null;
      for (const [recipient, decision] of fallbacks) this.#fallbacks.set(recipient, decision);
      // What ended while it waited says nothing of the site: a fresh connection will tell (checklist, 79).
      if ((broke !== null || closing !== null) && wasIdle && fallbacks.size === portion.length) return pooled.close();
      this.#wasGreeted = true;
      if (closing !== null) this.#backOff({ failure: firstFailure(fallbacks) ?? (broke as Broken).failure, reply: closing });
      if (broke !== null) this.lastBroken = broke;
      current = null;
      if (broke !== null || closing !== null) return pooled.close();
      if (fallbacks.size === portion.length) break;
      if (pooled.used >= destination.lane.limits.messagesPerSession && this.#open.length > 0) break;
    }
    await this.engine.release(order, destination, pooled);
  }

  /** Those who share the next transaction. One whom this server cannot take must not keep the others from it. */
  #portion({ session }: PooledSession): Recipient[] {
    const open = this.#open;
    const plain = has(session.capabilities, "SMTPUTF8") ? open : open.filter(({ mailbox }) => mailbox?.needsSmtpUtf8 === false);
    return (plain.length > 0 ? plain : open).slice(0, this.order.manners.limits.recipients_per_transaction);
  }

  #anotherAttempt(pooled: PooledSession, portion: readonly Recipient[]): Attempt {
    const attempt = new Attempt(this.order, this.destination, pooled.door, portion);
    Object.assign(attempt.record, {
      reused: true,
      tls: pooled.tls,
      tls_policy: this.destination.ruleOf(pooled.door.host)?.source ?? null,
      tls_version: pooled.session.connection.tls?.version ?? null,
    });
    pooled.state.use(attempt.recorder, this.order.run.deadline);
    this.order.helloName = pooled.helloName;
    return attempt;
  }
}

function firstFailure(fallbacks: ReadonlyMap<Recipient, Decision>): Failure | null {
  return fallbacks.values().next().value?.failure ?? null;
}
