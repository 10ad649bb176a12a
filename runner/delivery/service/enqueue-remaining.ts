import { randomUUID } from "node:crypto";
import type { DeliveryPriority, DeliveryReport } from "../../../schemas/delivery.js";
import { loadProbe } from "../../harness/registry.js";
import { parseAsked } from "../../harness/version.js";
import { isPassing } from "../../queue/is-transient.js";
import { jobMessage } from "../../queue/job.js";
import type { Queue } from "../../queue/queue.js";
import type { Mail } from "../message/prepare-message.js";
import type { MailToSend } from "./delivery.js";
import { type GivenOptions, optionsOfJob } from "./options.js";

/** What goes first in a queue, whose jobs have from 0 to 9. */
const JOB_PRIORITIES: Readonly<Record<DeliveryPriority, number>> = { HIGH: 8, NORMAL: 5, LOW: 2 };

const PROBE = "mail.deliver";

/** How often a queue is asked that does not say whether it has taken a job. */
const ATTEMPTS = 3;

/**
 * Gives those to a queue who are to be tried again: whoever works it off goes on with them for days, also when this process is gone. A queue
 * that fails may have stored the job all the same: asked again for the same id, it takes it once.
 */
export async function handOver(queue: Queue, options: GivenOptions, mail: MailToSend, sent: Mail, report: DeliveryReport): Promise<void> {
  const queued = report.recipients.filter(({ outcome }) => outcome === "queued");
  if (queued.length === 0) return;
  const { priority = "NORMAL" } = mail;
  const recipients = queued.map(({ address }) => address);
  const dueAt = Math.min(...queued.map(({ next_try_at: at }) => Date.parse(at as string)));
  const input = inputOf(options, { ...mail, recipients }, sent.bytes);
  const job = { id: randomUUID(), priority: JOB_PRIORITIES[priority], delayMs: Math.max(0, dueAt - Date.now()) };
  for (let attempt = 1; ; attempt++) {
    try {
      await queue.enqueue(PROBE, input, job);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isPassing(error)) throw error;
    }
  }
}

/** Throws, before anything is sent, where these options could not be given to a queue: for their secrets, which must be references there. */
export async function checkHandOver(options: GivenOptions): Promise<void> {
  const asked = parseAsked(PROBE);
  jobMessage(await loadProbe(asked.name), asked, inputOf(options, { mail_from: "<>", recipients: ["somebody@example.org"] }, Buffer.from("\r\n")));
}

/** As it was sent, signatures and all. */
function inputOf(options: GivenOptions, { mail_from, recipients, priority, dsn, requiretls }: MailToSend, message: Buffer): Record<string, unknown> {
  return {
    ...optionsOfJob(options),
    mail_from,
    recipients,
    message_base64: message.toString("base64"),
    ...(priority === undefined ? {} : { priority }),
    ...(dsn === undefined ? {} : { dsn }),
    ...(requiretls === undefined ? {} : { requiretls }),
  };
}
