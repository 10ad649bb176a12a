import { randomUUID } from "node:crypto";
import type { DeliveryPriority } from "../../../schemas/delivery-message.js";
import type { DeliveryReport } from "../../../schemas/delivery-report.js";
import { loadProbe } from "../../harness/registry.js";
import { parseAsked } from "../../harness/version.js";
import { isTransient } from "../../queue/is-transient.js";
import { jobMessage } from "../../queue/job.js";
import type { Queue } from "../../queue/queue.js";
import type { PreparedMessage } from "../message/prepare-message.js";
import type { MailToSend } from "./delivery.js";
import { type GivenOptions, optionsOfJob } from "./options.js";

/** The priorities of jobs, which go from 0 to 9. */
const JOB_PRIORITIES: Readonly<Record<DeliveryPriority, number>> = { HIGH: 8, NORMAL: 5, LOW: 2 };

/** Its input is checked when it is enqueued, and not by the compiler. */
const PROBE: string = "mail.deliver";

/** How often an enqueue is repeated after a lost answer. */
const ATTEMPTS = 3;

/**
 * Enqueues the recipients to retry: a worker continues with them for days, also after this process has ended. A failing queue may have stored the
 * job: another push with the same id is stored once.
 */
export async function enqueueRemaining(queue: Queue, options: GivenOptions, mail: MailToSend, sent: PreparedMessage, report: DeliveryReport): Promise<void> {
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
      if (attempt === ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}

/** Throws, before anything is sent, if these options cannot be enqueued: their secrets must be references. */
export async function checkEnqueueing(options: GivenOptions): Promise<void> {
  const asked = parseAsked(PROBE);
  jobMessage(await loadProbe(asked.name), asked, inputOf(options, { mail_from: "<>", recipients: ["somebody@example.org"] }, Buffer.from("\r\n")));
}

/** As it was sent, with its signatures. */
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
