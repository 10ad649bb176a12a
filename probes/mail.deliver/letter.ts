import { fail } from "../../runner/failure-error.js";
import { compose, headerProblem } from "../../runner/mail/compose.js";
import { type Mailbox, parseMailbox } from "../../runner/net/smtp/mailbox.js";
import type { Job } from "./job.js";
import type { Input } from "./schema.js";

/** The message as bytes: as it was given, or composed, the same in all runs of a job. */
export async function letterOf(input: Input, sender: Mailbox | null, job: Job): Promise<Uint8Array> {
  if (input.message !== undefined) return Buffer.from(input.message);
  if (input.message_base64 !== undefined) return Buffer.from(input.message_base64, "base64");
  const { from, to, reply_to: replyTo, html, ...fields } = input.fields as NonNullable<Input["fields"]>;
  const author = from === undefined ? sender : parseMailbox(from);
  if (author === null) throw fail("mail", "not_permitted", "the message has no author: mail_from is <>, so give fields.from; nothing was sent");
  if ("problem" in author) throw fail("mail", "not_permitted", `fields.from: ${JSON.stringify(from)}: ${author.problem}; nothing was sent`);
  for (const { name } of fields.headers) {
    const problem = headerProblem(name);
    if (problem !== null) throw fail("mail", "not_permitted", `fields.headers: ${JSON.stringify(name)}: ${problem}; nothing was sent`);
  }
  return compose({
    ...fields,
    from: author.path,
    to: to ?? input.recipients,
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(html === undefined ? {} : { html }),
    date: new Date(job.startedAt),
    message_id: job.messageId(author),
  });
}
