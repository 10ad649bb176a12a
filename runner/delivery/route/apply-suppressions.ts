import type { LazyLedger } from "../ledger/lazy-ledger.js";
import { PERMANENT_CLASSES } from "../ledger/permanent-classes.js";
import type { Suppressed } from "../ledger/suppression.js";
import type { OutboundMessage, TransportSettings } from "../message/outbound-message.js";
import { isOpen, type Recipient, settleOpen } from "../message/recipient.js";
import { decidedHere } from "../outcome/decide.js";
import { type Decision, US } from "../outcome/decision.js";

/** Settles suppressed recipients before any server is contacted. If the list cannot be read, nothing is sent. */
export function applySuppressions(ledgers: LazyLedger, { recipients, settings }: OutboundMessage): void {
  const open = recipients.filter(isOpen);
  try {
    const ledger = ledgers.open(needsLedger(settings));
    if (ledger === null) return;
    for (const recipient of open) {
      const found = ledger.suppressed.find(recipient.address);
      if (found !== null) recipient.settle(suppressed(found));
    }
  } catch (error) {
    settleOpen(open, ledgerFailure(error));
  }
}

/** Suppresses undeliverable recipients. If this cannot be stored now, the next message to them finds it out again. */
export function suppressBounced(ledgers: LazyLedger, { settings, run }: OutboundMessage, recipients: readonly Recipient[]): void {
  if (!settings.suppress_bounces) return;
  const gone = recipients.filter(isGone);
  if (gone.length === 0) return;
  try {
    const bounces = gone.map(({ address, decision }) => ({ target: address, reason: "bounce" as const, detail: replyIn(decision as Decision) }));
    ledgers.open(true)?.suppressed.add(run.secrets.maskAll(bounces));
  } catch {
    // The message has been sent, and its outcome must still be reported.
  }
}

/** The settings that write to the ledger. */
function needsLedger({ warm_up: warmUp, suppress_bounces: storesBounces }: TransportSettings): boolean {
  return warmUp !== false || storesBounces;
}

/** Only what a mail server said about the address: a domain that does not exist today may be registered tomorrow. */
function isGone({ decision }: Recipient): boolean {
  if (decision?.kind !== "refused" || decision.class === null) return false;
  const { saidBy } = decision.speaker;
  return (saidBy === "mail_host" || saidBy === "relay") && PERMANENT_CLASSES.has(decision.class);
}

function replyIn({ code, enhancedCode, message }: Decision): string {
  return [code, enhancedCode, message].filter((word) => word !== null).join(" ");
}

function suppressed({ target, reason, since, until, detail }: Suppressed): Decision {
  const time = `since ${since}${until === null ? "" : ` until ${until}`}`;
  const words = `${target} is on the suppression list (${reason}, ${time})${detail === null ? "" : `: ${detail}`}`;
  return decidedHere("failed", "suppressed", "rcpt", "not_permitted", words, US);
}

/** Temporary: the file can be restored, or space freed on the disk. */
export function ledgerFailure(error: unknown): Decision {
  const words = `nothing is sent without the delivery ledger: ${(error as Error).message}`;
  return decidedHere("later", "configuration", "probe", "not_permitted", words, US);
}
