import { composeMessage, type MessageIdentity } from "../../runner/delivery/message/compose-message.js";
import { dsnParameters } from "../../runner/delivery/message/dsn-parameters.js";
import type { OutboundMessage, TransportSettings } from "../../runner/delivery/message/outbound-message.js";
import { prepareMessage } from "../../runner/delivery/message/prepare-message.js";
import { PRIORITIES } from "../../runner/delivery/message/priority.js";
import type { Recipient } from "../../runner/delivery/message/recipient.js";
import { signerOf } from "../../runner/delivery/message/signer-of.js";
import type { Random } from "../../runner/net/dns/shuffle.js";
import { heloDomain } from "../../runner/net/smtp/commands.js";
import { type Mailbox, parseSender } from "../../runner/net/smtp/mailbox.js";
import { resolved } from "../../schemas/secret.js";
import type { DeliveryJournal } from "./delivery-journal.js";
import type { Ctx } from "./evidence.js";
import type { Input } from "./schema.js";

/** The message that the engine delivers. The input has passed checkInput(). */
export async function messageFromInput(
  input: Input,
  ctx: Ctx,
  recipients: readonly Recipient[],
  journal: DeliveryJournal,
  random: Random,
): Promise<OutboundMessage> {
  const sender = parseSender(resolved(input.mail_from)) as Mailbox | null;
  const identity: MessageIdentity = { date: new Date(journal.startedAt), messageId: (author) => journal.messageId(author) };
  return ctx.delivery.outbound({
    prepared: await prepareMessage(await textOf(input, sender, identity), { signer: signerOf(input.dkim, null), sender, identity }),
    sender,
    recipients,
    settings: settingsOf(input, journal),
    priority: PRIORITIES[input.priority],
    dsn: input.dsn === undefined ? null : dsnParameters(input.dsn),
    requireTls: input.requiretls,
    resolver: ctx.resolver,
    random,
    attempts: [],
    helloName: null,
    maxWaitMs: ctx.memory.maxWaitMs,
    postponed: journal.postponed,
    journal: journal.isQueued ? journal : null,
  });
}

/** As it was given, or composed: the same in all runs of a job. */
async function textOf({ message, message_base64: encoded, fields, recipients }: Input, sender: Mailbox | null, identity: MessageIdentity): Promise<Uint8Array> {
  if (message !== undefined) return Buffer.from(message);
  if (encoded !== undefined) return Buffer.from(encoded, "base64");
  return composeMessage(fields ?? {}, sender, recipients, identity);
}

function settingsOf(input: Input, { isQueued }: DeliveryJournal): TransportSettings {
  const helo = input.helo_domain === undefined ? null : resolved(input.helo_domain);
  // A run on its own leaves no connection open; in a worker the next job may use it.
  const limits = isQueued ? input.limits : { ...input.limits, idle_ms: 0 };
  return { ...input, limits, helo_domain: helo === null ? null : heloDomain(helo, { localAddress: null }) };
}
