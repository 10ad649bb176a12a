import type { Backend } from "../backend.js";
import { readWebhookUrl } from "./address.js";
import { PATIENCE, type Patience, WebhookSink } from "./sink.js";

/** Results for whoever listens at a URL. */
export async function openWebhook(url: string, patience: Patience = PATIENCE): Promise<Backend> {
  const address = await readWebhookUrl(url);
  const results = new WebhookSink(address, patience);
  return { address: address.shown, jobs: null, results, close: async () => results.close() };
}
