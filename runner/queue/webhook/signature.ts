import { createHmac } from "node:crypto";

export const TIMESTAMP_HEADER = "probe-run-timestamp";
export const SIGNATURE_HEADER = "probe-run-signature";

/**
 * Covers the time and the body, so that neither can be changed and an old message cannot be replayed: HMAC-SHA256(secret, timestamp + "." + body) in
 * hexadecimal, after `v1=`; with two secrets, two signatures separated by a comma.
 */
export function signature(secrets: readonly string[], timestamp: number, body: string): string {
  return secrets.map((secret) => `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`).join(",");
}
