import type { Backend } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { readAmqpUrl } from "./address.js";
import { AmqpSink } from "./sink.js";

/**
 * Results for a queue or an exchange of RabbitMQ. Nothing is claimed here: AMQP has no leases, delays or dead letters as a channel requires them, and
 * RabbitMQ has consumers in every language.
 */
export async function openAmqp(url: string, { mayCreate }: BackendOptions): Promise<Backend> {
  const address = readAmqpUrl(url);
  const results = new AmqpSink(address, mayCreate);
  await results.open();
  return { address: address.shown, jobs: null, results, close: () => results.close() };
}
