import type { Backend } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { readAmqpUrl } from "./address.js";
import { AmqpSink } from "./sink.js";

/**
 * Results for a queue or an exchange of RabbitMQ. Nothing is claimed from it here: AMQP has no leases, delays or dead letters of the kind
 * that a channel promises, and RabbitMQ's own consumers exist in every language.
 */
export async function openAmqp(url: string, { mayCreate }: BackendOptions): Promise<Backend> {
  const address = readAmqpUrl(url);
  const results = new AmqpSink(address, mayCreate);
  await results.open();
  return { address: address.shown, jobs: null, results, close: () => results.close() };
}
