import { randomUUID } from "node:crypto";
import { checkedMailbox } from "../../runner/mail/check-fields.js";
import { type Attachment, compose } from "../../runner/mail/compose.js";
import { givenKeys } from "../../runner/mail/dkim/given-keys.js";
import { createSigner } from "../../runner/mail/dkim/signer.js";
import { newMessageId } from "../../runner/mail/message-id.js";
import { newToken, testSubject } from "../../runner/mail/token.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { DkimResult } from "../../schemas/dkim.js";
import { resolved } from "../../schemas/secret.js";
import type { MailAddresses } from "./addresses.js";
import type { Input } from "./schema.js";

/** What makes a message another one than that of the same input: it is the same in every attempt, and in every run of a job. */
export interface MessageIdentity {
  token: string;
  unique: string;
  /** In ISO 8601. */
  date: string;
}

/** From it and the input follow all of the message's bytes. */
export interface OutgoingMessage {
  token: string;
  subject: string;
  message_id: string;
  seal: MessageIdentity;
}

export function newMessage(input: Input): OutgoingMessage {
  return restoredMessage(input, { token: newToken(), unique: randomUUID(), date: new Date().toISOString() });
}

/** The message of an earlier run. */
export function restoredMessage(input: Input, seal: MessageIdentity): OutgoingMessage {
  const token = input.token ?? seal.token;
  return {
    token,
    subject: testSubject(input.subject_prefix, new Date(seal.date), token),
    message_id: input.message_id ?? newMessageId(checkedMailbox(input.from_addr), seal.unique),
    seal,
  };
}

/** The message itself, signed if configured. */
export async function messageOf(input: Input, outgoing: OutgoingMessage, addresses: MailAddresses): Promise<{ bytes: Uint8Array; dkim: DkimResult | null }> {
  const unsigned = await compose({
    from: addresses.sender,
    to: addresses.recipients,
    ...(addresses.replyTo === null ? {} : { reply_to: addresses.replyTo }),
    subject: outgoing.subject,
    text: input.size_bytes === undefined ? textOf(input, outgoing) : filledUp(textOf(input, outgoing), input.size_bytes),
    ...(input.html === undefined ? {} : { html: input.html }),
    headers: input.headers,
    attachments: input.attachments.map(attachmentOf),
    date: new Date(outgoing.seal.date),
    message_id: outgoing.message_id,
  });
  return input.dkim.length === 0 ? { bytes: unsigned, dkim: null } : signed(unsigned, input.dkim, outgoing);
}

async function signed(message: Uint8Array, keys: Input["dkim"], { seal }: OutgoingMessage): Promise<{ bytes: Uint8Array; dkim: DkimResult }> {
  const written = keys.map(({ domain, selector, private_key: key }) => ({ domain, selector, privateKey: resolved(key) }));
  // Signed at the message's own date: the next attempt gives the same bytes.
  const signer = createSigner({ keys: givenKeys(written), now: () => Date.parse(seal.date) });
  const { header, signatures, problems } = await signer.sign(message);
  const [problem] = problems;
  if (problem !== undefined) throw failureError("data", "not_permitted", `the message could not be signed: ${problem.message}; nothing was sent`);
  return { bytes: Buffer.concat([header, message]), dkim: { signatures, problems } };
}

function attachmentOf({ name, type, text, base64 }: Input["attachments"][number]): Attachment {
  return { name, ...(type === undefined ? {} : { type }), content: text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text) };
}

function textOf({ text }: Input, { token }: OutgoingMessage): string {
  return text ?? `This is a test message, its token is ${token}. It may be deleted.\n`;
}

const FILLING = `${"x".repeat(70)}\n`;

/** Lines end in CR LF on the wire: that is how they are counted. */
function filledUp(text: string, bytes: number): string {
  const isEnded = /[\r\n]$/.test(text);
  const held = Buffer.byteLength(text.replace(/\r\n?|\n/g, "\r\n")) + (isEnded ? 0 : 2);
  const missing = bytes - held;
  // A line end alone takes two.
  if (missing < 2) return text;
  const lines = Math.floor((missing - 2) / (FILLING.length + 1));
  const rest = missing - lines * (FILLING.length + 1);
  return `${text}${isEnded ? "" : "\n"}${FILLING.repeat(lines)}${"x".repeat(Math.max(0, rest - 2))}\n`;
}
