import { parseMailbox } from "../../net/smtp/mailbox.js";

/** One way of asking a server to pass a message on. */
export interface RelayAttempt {
  readonly name: (typeof RELAY_ATTEMPTS)[number];
  /** Between < and >; empty for the null sender. */
  readonly sender: string;
  readonly recipient: string;
}

export const RELAY_ATTEMPTS = ["plain", "null_sender", "own_sender", "percent", "bang", "quoted", "source_route"] as const;

/** An address of the asker, cut into what the forms need. */
export interface OwnAddress {
  readonly path: string;
  readonly localPart: string;
  readonly domain: string;
}

export function ownAddress(written: string): OwnAddress | null {
  const mailbox = parseMailbox(written);
  if ("problem" in mailbox || mailbox.host.kind !== "name" || mailbox.needsSmtpUtf8) return null;
  // The forms put the local part into another one, where quotes and signs would mean something else.
  if (!/^[A-Za-z0-9._+-]+$/.test(mailbox.localPart)) return null;
  return { path: mailbox.path, localPart: mailbox.localPart, domain: mailbox.host.host };
}

/**
 * The forms that open relays have been found by. Sender and recipient belong to the asker, so that nothing reaches anybody else; only the sender of
 * `own_sender` names a domain of the server.
 */
export function relayAttempts({ path, localPart, domain }: OwnAddress, target: { readonly host: string; readonly domain: string | null }): RelayAttempt[] {
  const served = target.domain ?? target.host;
  const forms: RelayAttempt[] = [
    { name: "plain", sender: path, recipient: path },
    { name: "null_sender", sender: "", recipient: path },
    { name: "percent", sender: path, recipient: `${localPart}%${domain}@${served}` },
    { name: "bang", sender: path, recipient: `${domain}!${localPart}@${served}` },
    { name: "quoted", sender: path, recipient: `"${localPart}@${domain}"@${served}` },
    { name: "source_route", sender: path, recipient: `@${served}:${path}` },
  ];
  return target.domain === null ? forms : [...forms, { name: "own_sender", sender: `postmaster@${target.domain}`, recipient: path }];
}
