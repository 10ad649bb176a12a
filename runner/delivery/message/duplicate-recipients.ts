import { isOpen, type Recipient } from "./recipient.js";

/**
 * Those who stand in the list once more, with the one who stands there first: one mailbox gets one copy. The part before @ is compared as it is,
 * for only its own host knows whether Bob is bob (RFC 5321, section 2.4).
 */
export function twinsOf(recipients: readonly Recipient[]): ReadonlyMap<Recipient, Recipient> {
  const known = new Map<string, Recipient>();
  const twins = new Map<Recipient, Recipient>();
  for (const recipient of recipients) {
    const { mailbox, domain } = recipient;
    if (mailbox === null) continue;
    const name = `${mailbox.localPart}@${domain}`;
    const first = known.get(name);
    if (first === undefined) known.set(name, recipient);
    else twins.set(recipient, first);
  }
  return twins;
}

/** What became of the first became of all. */
export function tellTwins(twins: ReadonlyMap<Recipient, Recipient>): void {
  for (const [twin, { site, chosen, decision, attempts }] of twins) {
    if (!isOpen(twin)) continue;
    Object.assign(twin, { site, chosen, decision } satisfies Partial<Recipient>);
    twin.attempts.push(...attempts);
  }
}
