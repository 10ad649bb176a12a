import type { Backend } from "../backend.js";
import { readWebhookUrl } from "./address.js";
import { RETRIES, type RetrySettings, WebhookSink } from "./sink.js";

/** Results for the receiver at a URL. */
export async function openWebhook(url: string, retries: RetrySettings = RETRIES): Promise<Backend> {
  const address = await readWebhookUrl(url);
  const results = new WebhookSink(address, retries);
  return { address: address.shown, jobs: null, results, close: async () => results.close() };
}
