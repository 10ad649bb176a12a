import { createHmac } from "node:crypto";

export const TIMESTAMP_HEADER = "probe-run-timestamp";
export const SIGNATURE_HEADER = "probe-run-signature";

/**
 * Over the time and the body, so that neither can be changed, and an old message cannot be sent again as a new one:
 * HMAC-SHA256(secret, timestamp + "." + body) in hexadecimal, behind `v1=`; with two secrets, two of them with a comma between.
 */
export function signature(secrets: readonly string[], timestamp: number, body: string): string {
  return secrets.map((secret) => `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`).join(",");
}
