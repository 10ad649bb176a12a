import type { Recipient } from "./recipient.js";

/**
 * Recipients that repeat an earlier one, each with that earlier one: a mailbox gets one copy. The local part is compared as it is, since only the
 * receiving host knows whether Bob is bob (RFC 5321, section 2.4).
 */
export function duplicatesOf(recipients: readonly Recipient[]): ReadonlyMap<Recipient, Recipient> {
  const known = new Map<string, Recipient>();
  const duplicates = new Map<Recipient, Recipient>();
  for (const recipient of recipients) {
    const { mailbox, domain } = recipient;
    if (mailbox === null) continue;
    const name = `${mailbox.localPart}@${domain}`;
    const first = known.get(name);
    if (first === undefined) known.set(name, recipient);
    else duplicates.set(recipient, first);
  }
  return duplicates;
}

/** The outcome of the first is the outcome of all. */
export function copyToDuplicates(duplicates: ReadonlyMap<Recipient, Recipient>): void {
  for (const [duplicate, { site, chosen, decision, attempts }] of duplicates) {
    if (!duplicate.isOpen) continue;
    Object.assign(duplicate, { site, chosen });
    if (decision !== null) duplicate.settle(decision);
    duplicate.attempts.push(...attempts);
  }
}
