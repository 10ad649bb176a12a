import { letterOf } from "../../runner/delivery/message/compose-message.js";
import { dsnWords } from "../../runner/delivery/message/dsn-parameters.js";
import type { Manners, Order } from "../../runner/delivery/message/outbound-message.js";
import { mailOf } from "../../runner/delivery/message/prepare-message.js";
import { RANKS } from "../../runner/delivery/message/priority.js";
import type { Recipient } from "../../runner/delivery/message/recipient.js";
import { signerOf } from "../../runner/delivery/message/signer-of.js";
import type { Random } from "../../runner/net/dns/shuffle.js";
import { heloDomain } from "../../runner/net/smtp/commands.js";
import { type Mailbox, parseSender } from "../../runner/net/smtp/mailbox.js";
import { fail } from "../../runner/run/failure-error.js";
import { parseHost } from "../../schemas/host.js";
import { resolved } from "../../schemas/secret.js";
import type { Job } from "./delivery-journal.js";
import type { Ctx } from "./evidence.js";
import type { Input } from "./schema.js";

/** What the engine is asked for. Throws a FailureError when the input asks for what cannot be. */
export async function orderOf(input: Input, ctx: Ctx, recipients: readonly Recipient[], job: Job, random: Random): Promise<Order> {
  const sender = senderOf(input);
  const manners = mannersOf(input, job);
  const letter = await messageOf(input, sender, job);
  return {
    mail: await mailOf(letter, signerOf(input.dkim, null)),
    sender,
    recipients,
    manners,
    rank: RANKS[input.priority],
    dsn: input.dsn === undefined ? null : dsnWords(input.dsn),
    requireTls: input.requiretls,
    run: ctx.tcp.state,
    resolver: ctx.resolver,
    random,
    attempts: [],
    helloName: null,
    mostWaitMs: ctx.memory.mostWaitMs,
    postponed: job.postponed,
    journal: job.isQueued ? job : null,
  };
}

/** As it was given, or composed: the same in all runs of a job. */
async function messageOf({ message, message_base64: encoded, fields, recipients }: Input, sender: Mailbox | null, job: Job): Promise<Uint8Array> {
  if (message !== undefined) return Buffer.from(message);
  if (encoded !== undefined) return Buffer.from(encoded, "base64");
  return letterOf(fields ?? {}, sender, recipients, { date: new Date(job.startedAt), messageId: (author) => job.messageId(author) });
}

function senderOf({ mail_from: from }: Input): Mailbox | null {
  const written = resolved(from);
  const sender = parseSender(written);
  if (sender !== null && "problem" in sender) throw fail("mail", "not_permitted", `mail_from: ${JSON.stringify(written)}: ${sender.problem}; nothing was sent`);
  return sender;
}

function mannersOf(input: Input, { isQueued }: Job): Manners {
  if (input.mode !== "direct" && input.relays.length === 0) throw fail("connect", "not_permitted", `the mode ${input.mode} needs relays; nothing was sent`);
  const helo = input.helo_domain === undefined ? null : resolved(input.helo_domain);
  if (helo !== null && parseHost(helo) === null) {
    throw fail("ehlo", "not_permitted", `helo_domain: ${JSON.stringify(helo)} is no host name and no address; nothing was sent`);
  }
  // A run on its own leaves no connection behind; a worker's next job may use it.
  const limits = isQueued ? input.limits : { ...input.limits, idle_ms: 0 };
  return { ...input, limits, helo_domain: helo === null ? null : heloDomain(helo, { localAddress: null }) };
}
