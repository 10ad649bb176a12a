import { readWebhookUrl } from "../../queue/webhook/address.js";
import { WebhookSink } from "../../queue/webhook/backend.js";
import type { Deliverer } from "./deliverer.js";

/** One attempt at a time: the outbox remembers what is to be tried again. */
const ONE_ATTEMPT = { attempts: 1, firstMs: 0, mostMs: 0, mostRetryAfterMs: 0 };

/** A POST of a signed event for each change. */
export async function openWebhook(url: string, environment: NodeJS.ProcessEnv): Promise<Deliverer> {
  const sink = new WebhookSink(await readWebhookUrl(url, environment), ONE_ATTEMPT);
  return {
    async deliver({ notifications }) {
      await sink.push(notifications.map(({ id, body }) => ({ id, body, key: null, priority: 0, delayMs: 0 })));
    },
    refresh: null,
    close: () => sink.close(),
  };
}
