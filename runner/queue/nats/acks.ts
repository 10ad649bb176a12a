import type { NatsClient } from "./client.js";
import type { Requests } from "./requests.js";

/**
 * Delays the next delivery of a message, counted from now: for a lease, a delay and a heartbeat alike. NATS has one acknowledgement wait for all
 * messages of a consumer; a negative acknowledgement with a delay sets it for one message, and a later one replaces it.
 */
export function delayRedelivery({ connection }: NatsClient, reply: string, ms: number): void {
  connection.publish(reply, `-NAK ${JSON.stringify({ delay: Math.ceil(Math.max(ms, 1)) * 1_000_000 })}`);
}

export function redeliverNow({ connection }: NatsClient, reply: string): void {
  connection.publish(reply, "-NAK");
}

/** Resolves when the message has been removed from its stream. */
export async function acknowledge(requests: Requests, reply: string): Promise<void> {
  await requests.retry(() => requests.client.connection.request(reply, "+ACK", { timeout: 3000 }));
}
