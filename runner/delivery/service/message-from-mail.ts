import type { GivenLetter } from "../../../schemas/delivery.js";
import { resolved } from "../../../schemas/secret.js";
import type { Signer } from "../../mail/dkim/signer.js";
import { newMessageId } from "../../mail/message-id.js";
import { resolverGrant } from "../../net/dns/capability.js";
import type { Random } from "../../net/dns/shuffle.js";
import { type Mailbox, parseSender } from "../../net/smtp/mailbox.js";
import type { Deadline } from "../../run/deadline.js";
import { FailureError } from "../../run/failure-error.js";
import { Recorder } from "../../run/recorder.js";
import type { RunState } from "../../run/run-state.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { letterOf } from "../message/compose-message.js";
import { dsnWords } from "../message/dsn-parameters.js";
import type { Order } from "../message/outbound-message.js";
import { mailOf } from "../message/prepare-message.js";
import { RANKS } from "../message/priority.js";
import { recipientOf } from "../message/recipient.js";
import { checkMail, wrongMail } from "./check-mail.js";
import type { MailToSend } from "./delivery.js";
import type { ServiceOptions } from "./options.js";

/** What a service adds to a message. */
interface Means {
  readonly options: ServiceOptions;
  readonly secrets: SecretKeeper;
  readonly signer: Signer | null;
  readonly random: Random;
  readonly deadline: Deadline;
}

/** What the engine is asked for. Throws a RequestError for a message that cannot be sent as it is. */
export async function orderOf(mail: MailToSend, { options, secrets, signer, random, deadline }: Means): Promise<Order> {
  checkMail(mail);
  // checkMail() has looked at it.
  const sender = parseSender(mail.mail_from) as Mailbox | null;
  const run: RunState = { recorder: new Recorder(null), deadline, secrets, memory: null };
  return {
    mail: await mailOf(await messageOf(mail, sender), signer),
    sender,
    recipients: mail.recipients.map(recipientOf),
    manners: { ...options, helo_domain: options.helo_domain === undefined ? null : resolved(options.helo_domain) },
    rank: RANKS[mail.priority ?? "NORMAL"],
    dsn: mail.dsn === undefined ? null : dsnWords(mail.dsn),
    requireTls: mail.requiretls ?? false,
    run,
    resolver: resolverGrant(run),
    random,
    attempts: [],
    helloName: null,
    mostWaitMs: Number.POSITIVE_INFINITY,
    postponed: 0,
    journal: null,
  };
}

async function messageOf({ message, fields, recipients }: MailToSend, sender: Mailbox | null): Promise<Uint8Array> {
  if (message !== undefined) return typeof message === "string" ? Buffer.from(message) : message;
  try {
    return await letterOf(fields as GivenLetter, sender, recipients, { date: new Date(), messageId: newMessageId });
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw wrongMail("/fields", error.failure.message);
  }
}
