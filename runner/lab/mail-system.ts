import { closedByBlock } from "./closed-by-block.js";
import { type ImapServer, type ImapServerOptions, startImapServer } from "./imap-server.js";
import { type SmtpServer, type SmtpServerOptions, startSmtpServer } from "./smtp-server.js";
import { Delivery, type DeliveryPlan, USUAL_DELIVERY } from "./store/delivery.js";
import { MailStore } from "./store/mail-store.js";
import type { Verdicts } from "./store/trace-fields.js";

export type { DeliveryPlan, Verdicts };

export interface MailSystemOptions {
  smtp?: SmtpServerOptions;
  imap?: ImapServerOptions;
  delivery?: Partial<DeliveryPlan>;
}

export interface MailSystem extends AsyncDisposable {
  readonly smtp: SmtpServer;
  readonly imap: ImapServer;
  readonly store: MailStore;
  close(): Promise<void>;
}

/** A complete mail system on the loopback: messages to anyone that its SMTP server accepts arrive in the one mailbox of its IMAP server. */
export async function startMailSystem({ smtp = {}, imap = {}, delivery = {} }: MailSystemOptions = {}): Promise<MailSystem> {
  const store = imap.store ?? new MailStore();
  const post = new Delivery(store, smtp.name ?? "mx.lab.localhost", { ...USUAL_DELIVERY, ...delivery });
  const sending = await startSmtpServer({
    ...smtp,
    onMessage(message) {
      const answer = smtp.onMessage?.(message);
      // A sender whose message was rejected sends it again: the rejected one must not be stored.
      if (answer === undefined || answer === "close" || answer.code < 300) post.take(message);
      return answer;
    },
  });
  const reading = await startImapServer({ ...imap, store }).catch(async (error: unknown) => {
    await sending.close();
    throw error;
  });
  return closedByBlock({
    smtp: sending,
    imap: reading,
    store,
    async close() {
      post.close();
      await Promise.all([sending.close(), reading.close()]);
    },
  });
}
