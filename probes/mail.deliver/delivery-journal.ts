import type { Journal } from "../../runner/delivery/message/outbound-message.js";
import type { Recipient } from "../../runner/delivery/message/recipient.js";
import { decidedHere } from "../../runner/delivery/outcome/decide.js";
import type { Decision } from "../../runner/delivery/outcome/decision.js";
import { US } from "../../runner/delivery/outcome/decision.js";
import type { Progress } from "../../runner/delivery/outcome/schedule.js";
import type { MemoryGrant } from "../../runner/harness/memory.js";
import { newMessageId } from "../../runner/mail/message-id.js";
import type { Mailbox } from "../../runner/net/smtp/mailbox.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { failure } from "../../schemas/failure.js";
import { asKept, indexOf, type KeptDecision, recall } from "./kept-decision.js";
import { Keeper } from "./state-writer.js";

/** What a job keeps from one run to the next. Recipients are known by their places in the input. */
interface Kept {
  readonly startedAt: number;
  readonly messageId: string | null;
  readonly tries: readonly number[];
  /** The message was about to go to them: when nothing more is known, it may have arrived. */
  readonly sending: readonly number[];
  /** Runs in a row in which nobody's turn came. */
  readonly postponed: number;
  readonly decided: readonly KeptDecision[];
  /** When what is not decided for good is due, in milliseconds since 1970. */
  readonly dueAt: readonly (number | null)[];
}

/** What is due so soon after the first is tried with it. */
const TOGETHER_MS = 60_000;

/** A delivery's way through its runs: nothing is forgotten, and nobody is sent anything twice. */
export class Job implements Journal, Progress {
  readonly startedAt: number;
  /** False where nobody would go on: then nothing has to be kept. */
  readonly isQueued: boolean;
  readonly postponed: number;
  #messageId: string | null;
  readonly #tries: number[];
  readonly #dueAt: (number | null)[];
  readonly #sending: Set<number>;
  readonly #keeper: Keeper;

  constructor(
    readonly memory: MemoryGrant,
    readonly recipients: readonly Recipient[],
  ) {
    const kept = memory.kept as Kept | null;
    this.isQueued = Number.isFinite(memory.mostWaitMs);
    this.startedAt = kept?.startedAt ?? Date.now();
    this.postponed = kept?.postponed ?? 0;
    this.#messageId = kept?.messageId ?? null;
    this.#tries = recipients.map((_, index) => kept?.tries[index] ?? 0);
    this.#dueAt = recipients.map((_, index) => kept?.dueAt[index] ?? null);
    this.#sending = new Set();
    this.#keeper = new Keeper(() => memory.keep(this.#state()));
    for (const decision of kept?.decided ?? []) {
      const recipient = recipients[indexOf(decision)];
      if (recipient !== undefined) recall(recipient, decision);
    }
    for (const place of kept?.sending ?? []) doubt(recipients[place]);
    // By the clock of another machine it may seem too early: that the job is here says that what it waited for is due.
    const now = Math.max(Date.now(), earliest(this.#dueAt));
    for (const recipient of recipients.filter(isPassing)) if ((this.dueAt(recipient) ?? 0) <= now + TOGETHER_MS) recipient.decision = null;
    for (const { index, decision } of recipients) {
      if (decision !== null) continue;
      this.#tries[index] = (this.#tries[index] ?? 0) + 1;
      this.#dueAt[index] = null;
    }
  }

  /** Of a message that is composed here: the same in all runs. */
  messageId(author: Mailbox): string {
    this.#messageId ??= newMessageId(author);
    return this.#messageId;
  }

  triesOf({ index, decision }: Recipient): number {
    return (this.#tries[index] ?? 0) - (decision?.isPostponed ? 1 : 0);
  }

  dueAt({ index }: Recipient): number | null {
    return this.#dueAt[index] ?? null;
  }

  async aboutToSend(recipients: readonly Recipient[]): Promise<void> {
    for (const { index } of recipients) this.#sending.add(index);
    await this.#keeper.keep();
  }

  async settled(recipients: readonly Recipient[]): Promise<void> {
    for (const { index } of recipients) this.#sending.delete(index);
    try {
      await this.#keeper.keep();
    } catch (error) {
      // What happened has happened. Whoever has the job now finds that it was about to be sent, and does not send it again.
      if (!(error instanceof FailureError)) throw error;
    }
  }

  /** Keeps how far it has come, and says when it goes on. `dueAt` is told for those that are queued. */
  async goOn(dueAt: ReadonlyMap<Recipient, number>): Promise<void> {
    for (const [{ index }, at] of dueAt) this.#dueAt[index] = at;
    await this.#keeper.keep();
    this.memory.goOnLater(Math.max(0, Math.min(...dueAt.values()) - Date.now()));
  }

  #state(): Kept {
    return {
      startedAt: this.startedAt,
      messageId: this.#messageId,
      tries: this.recipients.map((recipient) => this.triesOf(recipient)),
      sending: [...this.#sending],
      postponed: this.recipients.some(({ decision }) => decision?.isPostponed) ? this.postponed + 1 : 0,
      decided: this.recipients.flatMap((recipient) => asKept(recipient, this.recipients.length)),
      dueAt: this.#dueAt,
    };
  }
}

/** An earlier run was ended between the last dot and what came of it. */
function doubt(recipient: Recipient | undefined): void {
  if (recipient === undefined) return;
  const words = "an earlier run of this job was ended while it handed the message over: it may have been taken";
  recipient.decision = {
    ...decidedHere("unknown", "other", "data", "cancelled", words, US),
    failure: { ...failure("data", "cancelled", words), retryable: false },
  };
}

/** Far in the past where nothing is waited for. */
function earliest(dueAt: readonly (number | null)[]): number {
  const known = dueAt.filter((at) => at !== null);
  return known.length === 0 ? 0 : Math.min(...known);
}

function isPassing({ decision }: Recipient): boolean {
  return (decision as Decision | null)?.kind === "later";
}
