import { checkedMailbox } from "../../runner/mail/check-fields.js";
import type { NamedMailbox } from "../../runner/mail/named-mailbox.js";
import type { Input } from "./schema.js";

/** The addresses of the message: with their names for its header, by their paths for the envelope. */
export interface MailAddresses {
  sender: NamedMailbox;
  /** In the order of the output's recipients. */
  recipients: readonly NamedMailbox[];
  replyTo: NamedMailbox | null;
}

export function addressesOf({ from_addr, to_addr, recipients, reply_to }: Input): MailAddresses {
  return {
    sender: checkedMailbox(from_addr),
    recipients: [to_addr, ...recipients].map(checkedMailbox),
    replyTo: reply_to === undefined ? null : checkedMailbox(reply_to),
  };
}
