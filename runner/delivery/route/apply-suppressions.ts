import type { LedgerAt } from "../ledger/lazy-ledger.js";
import { LASTING } from "../ledger/permanent-classes.js";
import type { Suppressed } from "../ledger/suppression.js";
import type { Manners, Order } from "../message/outbound-message.js";
import { isOpen, type Recipient } from "../message/recipient.js";
import { decidedHere } from "../outcome/decide.js";
import { type Decision, US } from "../outcome/decision.js";

/** Settles those to whom nothing may be sent, before anybody is asked for them. Where that cannot be found out, nobody is sent to. */
export function withhold(ledgers: LedgerAt, { recipients, manners }: Order): void {
  const open = recipients.filter(isOpen);
  try {
    const ledger = ledgers.open(writesLedger(manners));
    if (ledger === null) return;
    for (const recipient of open) {
      const found = ledger.suppressed.find(recipient.address);
      if (found !== null) recipient.decision = suppressed(found);
    }
  } catch (error) {
    for (const recipient of open) recipient.decision ??= ledgerTrouble(error);
  }
}

/** Puts those on the list who will never get anything. What cannot be stored now is found out again by the next message to them. */
export function keepBounces(ledgers: LedgerAt, { manners, run }: Order, recipients: readonly Recipient[]): void {
  if (!manners.suppress_bounces) return;
  const gone = recipients.filter(isGone);
  if (gone.length === 0) return;
  try {
    const told = gone.map(({ address, decision }) => ({ target: address, reason: "bounce" as const, detail: saidIn(decision as Decision) }));
    ledgers.open(true)?.suppressed.add(run.secrets.maskAll(told));
  } catch {
    // The message has been sent, and what became of it is still to be told.
  }
}

/** What the settings keep there: then it is made where there is none. */
function writesLedger({ warm_up: warmUp, suppress_bounces: keepsBounces }: Manners): boolean {
  return warmUp !== false || keepsBounces;
}

/** Only what a mail server said of the address. A domain that name servers do not know today may be paid for again tomorrow. */
function isGone({ decision }: Recipient): boolean {
  if (decision?.kind !== "refused" || decision.class === null) return false;
  const { saidBy } = decision.speaker;
  return (saidBy === "mail_host" || saidBy === "relay") && LASTING.has(decision.class);
}

function saidIn({ code, enhancedCode, message }: Decision): string {
  return [code, enhancedCode, message].filter((word) => word !== null).join(" ");
}

function suppressed({ target, reason, since, until, detail }: Suppressed): Decision {
  const time = `since ${since}${until === null ? "" : ` until ${until}`}`;
  const words = `${target} is on the list of those to whom nothing is sent (${reason}, ${time})${detail === null ? "" : `: ${detail}`}`;
  return decidedHere("failed", "suppressed", "rcpt", "not_permitted", words, US);
}

/** It may pass: somebody gives the file back, or room on the disk. */
export function ledgerTrouble(error: unknown): Decision {
  const words = `nothing is sent without the delivery ledger: ${(error as Error).message}`;
  return decidedHere("later", "configuration", "probe", "not_permitted", words, US);
}
