import type { Recipient } from "./recipient.js";

/**
 * Duplicate recipients, each with the first one it repeats: a mailbox gets one copy. The local part is compared case-sensitively, since only the
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

/** Duplicates share the outcome of the first one. */
export function copyToDuplicates(duplicates: ReadonlyMap<Recipient, Recipient>): void {
  for (const [duplicate, { site, chosen, decision, attempts }] of duplicates) {
    if (!duplicate.isOpen) continue;
    Object.assign(duplicate, { site, chosen });
    if (decision !== null) duplicate.settle(decision);
    duplicate.attempts.push(...attempts);
  }
}
