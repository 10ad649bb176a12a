import type { WebhookAddress } from "./address.js";
import { SIGNATURE_HEADER, signature, TIMESTAMP_HEADER } from "./signature.js";

/** The headers of a POST of an event. */
export function webhookHeaders({ authorization, secrets }: Pick<WebhookAddress, "authorization" | "secrets">, body: string): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    "content-type": "application/cloudevents+json",
    "user-agent": "probe-run",
    [TIMESTAMP_HEADER]: String(timestamp),
    ...(secrets.length === 0 ? {} : { [SIGNATURE_HEADER]: signature(secrets, timestamp, body) }),
    ...(authorization === null ? {} : { authorization }),
  };
}
