import type { GivenLetter } from "../../../schemas/delivery.js";
import { compose, headerProblem } from "../../mail/compose.js";
import { type Mailbox, parseMailbox } from "../../net/smtp/mailbox.js";
import { fail } from "../../run/failure-error.js";

/** What no field of a message says. */
export interface Making {
  readonly date: Date;
  messageId(author: Mailbox): string;
}

/** A message from its fields, to these recipients unless they say otherwise. Throws a FailureError when there can be no such message. */
export async function letterOf(fields: GivenLetter, sender: Mailbox | null, recipients: readonly string[], making: Making): Promise<Uint8Array> {
  const { from, to = recipients, cc = [], reply_to: replyTo, subject = "", text = "", html, headers = [] } = fields;
  const author = from === undefined ? sender : parseMailbox(from);
  if (author === null) throw fail("mail", "not_permitted", "the message has no author: mail_from is <>, so give fields.from; nothing was sent");
  if ("problem" in author) throw fail("mail", "not_permitted", `fields.from: ${JSON.stringify(from)}: ${author.problem}; nothing was sent`);
  for (const { name } of headers) {
    const problem = headerProblem(name);
    if (problem !== null) throw fail("mail", "not_permitted", `fields.headers: ${JSON.stringify(name)}: ${problem}; nothing was sent`);
  }
  return compose({
    from: author.path,
    to,
    cc,
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    headers,
    date: making.date,
    message_id: making.messageId(author),
  });
}
