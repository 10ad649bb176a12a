import { createHash } from "node:crypto";
import type { IncidentEvent } from "../../../schemas/incident-event.js";
import { runReport } from "../../harness/run.js";
import { QueueError } from "../../queue/queue-error.js";
import { type Batch, type Deliverer, eventsOf } from "./deliverer.js";
import { mailSubject, mailText } from "./mail-text.js";

const TIMEOUT_MS = 240_000;
/** A server may examine a message for long before it answers (RFC 5321, 4.5.3.2.6): who does not wait sends it again. */
const REPLY_TIMEOUT_MS = 120_000;

/** The part of the output of mail.send that decides. */
interface Sent {
  readonly delivery: "accepted" | "partial" | "refused" | "not_sent" | "unknown";
  readonly failure: { readonly message: string; readonly retryable: boolean } | null;
}

/** An e-mail for all changes of a batch, by mail.send. Mails about the same incident stand in one thread. */
export async function openMail(to: string, send: Readonly<Record<string, unknown>>): Promise<Deliverer> {
  const closing = new AbortController();
  return {
    async deliver(batch) {
      const report = await runReport("mail.send@1", mailInput(to, send, batch), { signal: closing.signal, timeoutMs: TIMEOUT_MS });
      const { delivery, failure } = report.envelope.output as unknown as Sent;
      if (delivery === "accepted" || delivery === "partial") return;
      // A reminder that may have arrived is not worth a second copy.
      if (delivery === "unknown" && eventsOf(batch).every(({ data }) => data.kind === "reminder")) return;
      const why = `mail to ${to}: ${failure?.message ?? delivery}`;
      // Each attempt may have arrived, and what comes after it waits: that must end, as refusals do.
      if (delivery === "unknown") throw new QueueError("refused", `${why}; it may have arrived`);
      throw new QueueError(delivery === "refused" && failure?.retryable === false ? "refused" : "failed", why);
    },
    refresh: null,
    close: () => closing.abort(),
  };
}

/** What mail.send gets: the settings of the file, with the message in them. */
export function mailInput(to: string, send: Readonly<Record<string, unknown>>, batch: Batch): Record<string, unknown> {
  const events = eventsOf(batch);
  const domain = domainOf(String(send.from_addr ?? ""));
  const threads = [...new Set(events.map((event) => `<${incidentOf(event)}@${domain}>`))].slice(0, MOST_THREADS);
  const id = createHash("sha256").update(batch.id).digest("hex").slice(0, 32);
  return {
    retries: 0,
    ...(send.timeout === undefined ? { command_timeout_ms: REPLY_TIMEOUT_MS } : {}),
    ...send,
    to_addr: to,
    subject_prefix: mailSubject(events),
    token: id.slice(0, 8),
    text: mailText(events, batch),
    message_id: `<${id}@${domain}>`,
    headers: [...((send.headers as object[] | undefined) ?? []), { name: "In-Reply-To", value: threads[0] }, { name: "References", value: threads.join(" ") }],
  };
}

/** Longer header fields are of no use to a mail program. */
const MOST_THREADS = 8;

function incidentOf({ id }: IncidentEvent): string {
  return id.split(":").slice(0, 2).join(".");
}

function domainOf(address: string): string {
  return /@([A-Za-z0-9.-]+)>?$/.exec(address.trim())?.[1] ?? "probe-run.invalid";
}
