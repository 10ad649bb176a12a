import type { DeliveryWay, WayReason } from "../../../schemas/delivery-route.js";
import { domainOf } from "../../../schemas/host.js";
import { type Mailbox, parseMailbox } from "../../net/smtp/mailbox.js";
import { decidedHere } from "../outcome/decide.js";
import type { Decision } from "../outcome/decision.js";
import { US } from "../outcome/decision.js";

/** Why this route was chosen for a recipient. */
export interface ChosenWay {
  readonly way: DeliveryWay;
  readonly reason: WayReason;
  readonly explanation: string;
}

/** A recipient on its way to an outcome. settle() is the only place that sets its decision. */
export class Recipient {
  /** Null for an invalid address, which is settled from the start. */
  readonly mailbox: Mailbox | null;
  readonly domain: string | null;
  site: string | null = null;
  chosen: ChosenWay | null = null;
  /** Indexes in the list of attempts. */
  readonly attempts: number[] = [];
  #decision: Decision | null = null;

  constructor(
    readonly address: string,
    readonly index: number,
  ) {
    const mailbox = parseMailbox(address);
    const isAddress = !("problem" in mailbox);
    this.mailbox = isAddress ? mailbox : null;
    this.domain = isAddress ? domainOf(mailbox.host) : null;
    if (!isAddress) this.settle(decidedHere("refused", "address", "rcpt", "not_permitted", `not a valid mail address: ${mailbox.problem}`, US));
  }

  get decision(): Decision | null {
    return this.#decision;
  }

  get isOpen(): boolean {
    return this.#decision === null;
  }

  settle(decision: Decision): void {
    this.#decision = decision;
  }

  /** For another attempt, by another route or in a later run. */
  reopen(): void {
    this.#decision = null;
  }
}

export function isOpen({ isOpen: open }: Recipient): boolean {
  return open;
}

/** Settles those that are still open. */
export function settleOpen(recipients: readonly Recipient[], decision: Decision): void {
  for (const recipient of recipients) if (recipient.isOpen) recipient.settle(decision);
}
