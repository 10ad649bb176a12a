import type { GivenMessage } from "../../../schemas/delivery-message.js";
import { checkedMailbox, headerViolations, mailboxViolations } from "../../mail/check-fields.js";
import { compose } from "../../mail/compose.js";
import { type Mailbox, parseMailbox } from "../../net/smtp/mailbox.js";
import { failureError } from "../../run/failure-error.js";
import type { Violation } from "../../support/request-error.js";

/** The date and identifier of a message without one. */
export interface MessageIdentity {
  readonly date: Date;
  messageId(author: Pick<Mailbox, "host">): string;
}

/** A message composed from its fields, to these recipients by default. Throws a FailureError if the fields do not allow a message. */
export async function composeMessage(
  fields: GivenMessage,
  sender: Mailbox | null,
  recipients: readonly string[],
  identity: MessageIdentity,
): Promise<Uint8Array> {
  const { from, to, cc = [], reply_to: replyTo, subject = "", text = "", html, headers = [] } = fields;
  const [fault] = fieldViolations(fields);
  if (fault !== undefined) throw failureError("mail", "not_permitted", `fields${fault.pointer}: ${fault.message}; nothing was sent`);
  const author = from === undefined ? sender : checkedMailbox(from);
  if (author === null) throw failureError("mail", "not_permitted", "the message has no author: mail_from is <>, so give fields.from; nothing was sent");
  return compose({
    from: author,
    to: to === undefined ? recipients.flatMap(ofEnvelope) : to.map(checkedMailbox),
    cc: cc.map(checkedMailbox),
    ...(replyTo === undefined ? {} : { reply_to: checkedMailbox(replyTo) }),
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    headers,
    date: identity.date,
    message_id: identity.messageId(author),
  });
}

/** The problems of message fields, with pointers below the object that contains them. */
export function fieldViolations({ from, to = [], cc = [], reply_to: replyTo, headers = [] }: GivenMessage): Violation[] {
  const written: [string, string | undefined][] = [
    ["/from", from],
    ...to.map((each, index): [string, string] => [`/to/${index}`, each]),
    ...cc.map((each, index): [string, string] => [`/cc/${index}`, each]),
    ["/reply_to", replyTo],
  ];
  return [
    ...written.flatMap(([pointer, text]) => (text === undefined ? [] : mailboxViolations(pointer, text))),
    ...headers.flatMap(({ name }, index) => headerViolations(`/headers/${index}/name`, name)),
  ];
}

/** An invalid recipient is reported in its own result, and omitted from the fields. */
function ofEnvelope(written: string): Mailbox[] {
  const mailbox = parseMailbox(written);
  return "problem" in mailbox ? [] : [mailbox];
}
