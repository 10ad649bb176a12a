import type { NatsClient } from "./client.js";
import type { Requests } from "./requests.js";

/**
 * Keeps a message away from every consumer for a while, from now on: for a lease, a delay, a heartbeat alike. NATS has one waiting
 * time for all messages of a consumer; a negative acknowledgement with a delay sets one for this message, and a later one sets it anew.
 */
export function keepAway({ connection }: NatsClient, reply: string, ms: number): void {
  connection.publish(reply, `-NAK ${JSON.stringify({ delay: Math.ceil(Math.max(ms, 1)) * 1_000_000 })}`);
}

export function giveBack({ connection }: NatsClient, reply: string): void {
  connection.publish(reply, "-NAK");
}

/** Resolves when the message is gone from its stream. */
export async function acknowledge(requests: Requests, reply: string): Promise<void> {
  await requests.retried(() => requests.client.connection.request(reply, "+ACK", { timeout: 3000 }));
}
