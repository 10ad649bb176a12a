import type { Journal } from "../../runner/delivery/message/outbound-message.js";
import type { Recipient } from "../../runner/delivery/message/recipient.js";
import { decidedHere } from "../../runner/delivery/outcome/decide.js";
import type { Decision } from "../../runner/delivery/outcome/decision.js";
import { US } from "../../runner/delivery/outcome/decision.js";
import type { Progress } from "../../runner/delivery/outcome/schedule.js";
import { dueTogether, timeOfJob } from "../../runner/harness/due-times.js";
import type { MemoryGrant } from "../../runner/harness/memory.js";
import { newMessageId } from "../../runner/mail/message-id.js";
import type { Mailbox } from "../../runner/net/smtp/mailbox.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { failure } from "../../schemas/failure.js";
import { StateWriter } from "./state-writer.js";
import { indexOf, restoreDecision, type StoredDecision, storedDecision } from "./stored-decision.js";

/** What a job stores between its runs. Recipients are identified by their indexes in the input. */
interface JournalState {
  readonly startedAt: number;
  readonly messageId: string | null;
  readonly tries: readonly number[];
  /** The message was about to be sent to them: if nothing more is known, it may have been accepted. */
  readonly sending: readonly number[];
  /** Consecutive runs in which every recipient was postponed. */
  readonly postponed: number;
  readonly decided: readonly StoredDecision[];
  /** When recipients without a final decision are due, in milliseconds since 1970. */
  readonly dueAt: readonly (number | null)[];
}

/** The state of a delivery over its runs, so that nothing is lost and nothing is sent twice. */
export class DeliveryJournal implements Journal, Progress {
  readonly startedAt: number;
  /** False if there is no queue to continue: then nothing has to be stored. */
  readonly isQueued: boolean;
  readonly postponed: number;
  #messageId: string | null;
  readonly #tries: number[];
  readonly #dueAt: (number | null)[];
  readonly #sending: Set<number>;
  readonly #writer: StateWriter;

  constructor(
    readonly memory: MemoryGrant,
    readonly recipients: readonly Recipient[],
  ) {
    const kept = memory.state as JournalState | null;
    this.isQueued = Number.isFinite(memory.maxWaitMs);
    this.startedAt = kept?.startedAt ?? Date.now();
    this.postponed = kept?.postponed ?? 0;
    this.#messageId = kept?.messageId ?? null;
    this.#tries = recipients.map((_, index) => kept?.tries[index] ?? 0);
    this.#dueAt = recipients.map((_, index) => kept?.dueAt[index] ?? null);
    this.#sending = new Set();
    this.#writer = new StateWriter(() => memory.save(this.#state()));
    for (const decision of kept?.decided ?? []) {
      const recipient = recipients[indexOf(decision)];
      if (recipient !== undefined) restoreDecision(recipient, decision);
    }
    for (const index of kept?.sending ?? []) settleAsUnknown(recipients[index]);
    const now = timeOfJob(dueTogether(this.#dueAt.filter((at) => at !== null)));
    for (const recipient of recipients.filter(isTemporary)) if ((this.dueAt(recipient) ?? 0) <= now) recipient.reopen();
    for (const { index, decision } of recipients) {
      if (decision !== null) continue;
      this.#tries[index] = (this.#tries[index] ?? 0) + 1;
      this.#dueAt[index] = null;
    }
  }

  /** Of a message that is composed here: the same in all runs. */
  messageId(author: Pick<Mailbox, "host">): string {
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
    await this.#writer.write();
  }

  async settled(recipients: readonly Recipient[]): Promise<void> {
    for (const { index } of recipients) this.#sending.delete(index);
    try {
      await this.#writer.write();
    } catch (error) {
      // The worker that has the job now finds that the message was about to be sent, and does not send it again.
      if (!(error instanceof FailureError)) throw error;
    }
  }

  /** Stores the state, and when the job continues: when the first of the queued recipients in `dueAt` are due. */
  async goOn(dueAt: ReadonlyMap<Recipient, number>): Promise<void> {
    for (const [{ index }, at] of dueAt) this.#dueAt[index] = at;
    await this.#writer.write();
    this.memory.continueLater(Math.max(0, dueTogether([...dueAt.values()]) - Date.now()));
  }

  #state(): JournalState {
    return {
      startedAt: this.startedAt,
      messageId: this.#messageId,
      tries: this.recipients.map((recipient) => this.triesOf(recipient)),
      sending: [...this.#sending],
      postponed: this.recipients.some(({ decision }) => decision?.isPostponed) ? this.postponed + 1 : 0,
      decided: this.recipients.flatMap((recipient) => storedDecision(recipient, this.recipients.length)),
      dueAt: this.#dueAt,
    };
  }
}

/** An earlier run ended between the first byte of the message and its outcome. */
function settleAsUnknown(recipient: Recipient | undefined): void {
  if (recipient === undefined) return;
  const words = "an earlier run of this job ended while it was sending the message: it may have been accepted";
  recipient.settle({
    ...decidedHere("unknown", "other", "data", "cancelled", words, US),
    failure: { ...failure("data", "cancelled", words), retryable: false },
  });
}

function isTemporary({ decision }: Recipient): boolean {
  return (decision as Decision | null)?.kind === "later";
}
