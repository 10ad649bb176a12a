import type { ReceivedMessage } from "../smtp/mailbox.js";
import type { Folder } from "./folder.js";
import type { MailStore } from "./mail-store.js";
import { traced, type Verdicts } from "./trace-fields.js";

/** What becomes of a message that a lab's server has taken. */
export interface DeliveryPlan {
  /** From the answer to the message until it lies in the mailbox. */
  readonly delayMs: number;
  readonly folder: "INBOX" | "Junk";
  /** 0: it never arrives. */
  readonly copies: number;
  /** From each copy to the next. */
  readonly copyAfterMs: number;
  readonly verdicts: Verdicts;
}

export const USUAL_DELIVERY: DeliveryPlan = {
  delayMs: 0,
  folder: "INBOX",
  copies: 1,
  copyAfterMs: 100,
  verdicts: { spf: "pass", dkim: "pass", dmarc: "pass" },
};

/** Brings what a server takes into a mailbox, when and where its plan says. */
export class Delivery {
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    readonly store: MailStore,
    readonly name: string,
    readonly plan: DeliveryPlan,
  ) {}

  take(message: ReceivedMessage): void {
    const takenAt = new Date();
    for (let copy = 0; copy < this.plan.copies; copy++) this.#later(this.plan.delayMs + copy * this.plan.copyAfterMs, () => this.#put(message, takenAt));
  }

  /** What is under way is lost. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  get #folder(): Folder {
    return this.plan.folder === "Junk" ? this.store.junk : this.store.inbox;
  }

  #put(message: ReceivedMessage, takenAt: Date): void {
    const storedAt = new Date();
    this.#folder.add(traced({ message, name: this.name, takenAt, storedAt, verdicts: this.plan.verdicts }), { at: storedAt });
  }

  #later(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
  }
}
