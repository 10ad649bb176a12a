import type { GivenMessage } from "../../../schemas/delivery-message.js";
import { resolved } from "../../../schemas/secret.js";
import type { Signer } from "../../mail/dkim/signer.js";
import { newMessageId } from "../../mail/message-id.js";
import { resolverGrant } from "../../net/dns/capability.js";
import type { Random } from "../../net/dns/shuffle.js";
import { type Mailbox, parseSender } from "../../net/smtp/mailbox.js";
import type { Deadline } from "../../run/deadline.js";
import { FailureError } from "../../run/failure-error.js";
import { Recorder } from "../../run/recorder.js";
import type { WireRun } from "../../run/run-state.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { composeMessage, type MessageIdentity } from "../message/compose-message.js";
import { dsnParameters } from "../message/dsn-parameters.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import { prepareMessage } from "../message/prepare-message.js";
import { PRIORITIES } from "../message/priority.js";
import { Recipient } from "../message/recipient.js";
import { checkMail, wrongMail } from "./check-mail.js";
import type { MailToSend } from "./delivery.js";
import type { ServiceOptions } from "./options.js";

/** What a service adds to a message. */
interface ServiceContext {
  readonly options: ServiceOptions;
  readonly secrets: SecretKeeper;
  readonly signer: Signer | null;
  readonly random: Random;
  readonly deadline: Deadline;
}

/** Throws a RequestError for a message that cannot be sent as it is. */
export async function messageFromMail(mail: MailToSend, { options, secrets, signer, random, deadline }: ServiceContext): Promise<OutboundMessage> {
  checkMail(mail);
  // Validated by checkMail().
  const sender = parseSender(mail.mail_from) as Mailbox | null;
  const run: WireRun = { recorder: new Recorder(null), deadline, secrets, targets: null };
  const identity: MessageIdentity = { date: new Date(), messageId: newMessageId };
  return {
    prepared: await prepareMessage(await textOf(mail, sender, identity), { signer, sender, identity }),
    sender,
    recipients: mail.recipients.map((address, index) => new Recipient(address, index)),
    settings: { ...options, helo_domain: options.helo_domain === undefined ? null : resolved(options.helo_domain) },
    priority: PRIORITIES[mail.priority ?? "NORMAL"],
    dsn: mail.dsn === undefined ? null : dsnParameters(mail.dsn),
    requireTls: mail.requiretls ?? false,
    run,
    resolver: resolverGrant(run),
    random,
    attempts: [],
    helloName: null,
    maxWaitMs: Number.POSITIVE_INFINITY,
    postponed: 0,
    journal: null,
  };
}

async function textOf({ message, fields, recipients }: MailToSend, sender: Mailbox | null, identity: MessageIdentity): Promise<Uint8Array> {
  if (message !== undefined) return typeof message === "string" ? Buffer.from(message) : message;
  try {
    return await composeMessage(fields as GivenMessage, sender, recipients, identity);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw wrongMail("/fields", error.failure.message);
  }
}
