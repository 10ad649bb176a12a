import { type Mailbox, parseMailbox } from "../../runner/net/smtp/mailbox.js";
import { fail } from "../../runner/run/failure-error.js";
import type { Input } from "./schema.js";

/** Everybody who has to do with the message, in the envelope's form. */
export interface Parties {
  sender: Mailbox;
  /** In the order of the output's recipients. */
  recipients: readonly Mailbox[];
  replyTo: Mailbox | null;
}

/** Throws a failure for what is no address: nothing was sent then. */
export function partiesOf(input: Input): Parties {
  return {
    sender: mailboxOf(input.from_addr, "mail", "from_addr"),
    recipients: [mailboxOf(input.to_addr, "rcpt", "to_addr"), ...input.recipients.map((written, index) => mailboxOf(written, "rcpt", `recipients/${index}`))],
    replyTo: input.reply_to === undefined ? null : mailboxOf(input.reply_to, "data", "reply_to"),
  };
}

function mailboxOf(written: string, phase: "mail" | "rcpt" | "data", field: string): Mailbox {
  const mailbox = parseMailbox(written);
  if ("problem" in mailbox) throw fail(phase, "not_permitted", `/${field} is no address that can be sent: ${mailbox.problem}; nothing was sent`);
  return mailbox;
}
