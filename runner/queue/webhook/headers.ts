import { createHmac } from "node:crypto";
import type { Field } from "../../net/http/message.js";
import type { WebhookAddress } from "./address.js";

const TIMESTAMP_HEADER = "probe-run-timestamp";
const SIGNATURE_HEADER = "probe-run-signature";

/** The header fields of a POST of an event. */
export function webhookHeaders({ authorization, secrets }: Pick<WebhookAddress, "authorization" | "secrets">, body: string): Field[] {
  const timestamp = Math.floor(Date.now() / 1000);
  return [
    ["content-type", "application/cloudevents+json"],
    ["user-agent", "probe-run"],
    [TIMESTAMP_HEADER, String(timestamp)],
    ...(secrets.length === 0 ? [] : [[SIGNATURE_HEADER, signature(secrets, timestamp, body)] as const]),
    ...(authorization === null ? [] : [["authorization", authorization] as const]),
  ];
}

/**
 * Covers the time and the body, so that neither can be changed and an old message cannot be replayed: HMAC-SHA256(secret, timestamp + "." + body) in
 * hexadecimal, after `v1=`; with two secrets, two signatures separated by a comma.
 */
export function signature(secrets: readonly string[], timestamp: number, body: string): string {
  return secrets.map((secret) => `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`).join(",");
}
