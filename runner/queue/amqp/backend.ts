import { setTimeout as sleep } from "node:timers/promises";
import type { Backend, Message, PushAnswer, Sink } from "../backend.js";
import type { BackendOptions } from "../backend-options.js";
import { backoffMs } from "../backoff.js";
import { QueueError } from "../queue-error.js";
import { type AmqpAddress, readAmqpUrl } from "./address.js";
import { type Connection, connectAmqp, PUSH_HEADER } from "./connection.js";
import { asQueueError } from "./errors.js";

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

/** How long an unavailable broker is retried before it is an error. */
const MAX_RETRY_MS = 20_000;
/** A broker that accepts the message but does not confirm it: a full disk, a lost quorum. */
const CONFIRM_MS = 30_000;

/** Publishes each message and waits for the broker's confirmation. Duplicates are not detected: consumers recognise them by their ids. */
export class AmqpSink implements Sink {
  readonly #returned = new Set<string>();
  #pushes = 0;
  #connecting: Promise<Connection> | null = null;
  #isClosed = false;
  /** The broker's limit of a message's size, once one has exceeded it. */
  #maxBytes = Number.POSITIVE_INFINITY;

  constructor(
    readonly address: AmqpAddress,
    readonly mayCreate: boolean,
    readonly confirmMs = CONFIRM_MS,
  ) {}

  /** Connects, so that a wrong address is reported at once. */
  async open(): Promise<void> {
    await this.#connected();
  }

  async push(messages: readonly Message[]): Promise<PushAnswer[]> {
    await Promise.all(messages.map((message) => this.#publishWithRetry(message)));
    return messages.map(() => "accepted");
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#connecting?.catch(() => null))?.close();
  }

  /** A message without a confirmation is published again after a reconnect, so it may be there twice. */
  async #publishWithRetry(message: Message): Promise<void> {
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#publish(await this.#connected(), message);
      } catch (error) {
        const mayReconnect = error instanceof QueueError && error.code === "unreachable";
        if (!mayReconnect || this.#isClosed || performance.now() - began > MAX_RETRY_MS) throw error;
        await sleep(backoffMs(attempt, 100, 2000));
      }
    }
  }

  #publish(connection: Connection, { id, body }: Message): Promise<void> {
    const { shown, exchange, routingKey } = this.address;
    const content = Buffer.from(body);
    if (content.length > this.#maxBytes)
      return Promise.reject(this.#unfit(id, new Error(`it has ${content.length} bytes, and the limit is ${this.#maxBytes}`)));
    const pushId = String(++this.#pushes);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#unconfirmed(connection)), this.confirmMs);
      const properties = { persistent: true, mandatory: true, messageId: id, contentType: "application/cloudevents+json", headers: { [PUSH_HEADER]: pushId } };
      const settle = (error: unknown): void => {
        clearTimeout(timer);
        // The broker returns a message that no queue accepts, and then confirms it.
        if (this.#returned.delete(pushId)) reject(new QueueError("refused", `${shown} has no queue for the result: bind one to the exchange, or give queue=`));
        else if (error === null) resolve();
        else reject(/nacked/.test((error as Error).message) ? this.#rejected() : asQueueError(error, shown));
      };
      try {
        connection.channel.publish(exchange, routingKey, content, properties, settle);
      } catch (error) {
        clearTimeout(timer);
        reject(isClosedChannel(error) ? asQueueError(error, shown) : this.#unfit(id, error as Error));
      }
    });
  }

  /** The client cannot encode this message, for example because its id has more than 255 bytes: a retry would not help. */
  #unfit(id: string, error: Error): QueueError {
    const shownId = JSON.stringify(id.length > 60 ? `${id.slice(0, 60)}…` : id);
    return new QueueError("refused", `${this.address.shown} cannot accept the message ${shownId}: ${error.message}`, { cause: error });
  }

  #unconfirmed(connection: Connection): QueueError {
    const blocked = connection.blocked();
    const why = blocked === null ? "has too few nodes or is overloaded" : `blocks publishers: ${blocked}`;
    return new QueueError("busy", `${this.address.shown} did not confirm a result within ${this.confirmMs} ms: it ${why}`);
  }

  #rejected(): QueueError {
    return new QueueError("full", `${this.address.shown} rejected the result: its queue is full (max-length with reject-publish) or unavailable`);
  }

  async #connected(): Promise<Connection> {
    if (this.#isClosed) throw new QueueError("closed", `${this.address.shown} has been closed`);
    const connecting = this.#connecting ?? this.#connect();
    this.#connecting = connecting;
    const connection = await connecting;
    if (!connection.isOver()) return connection;
    // One message was too large, and the others were published on the same channel: all are tried again, except those that are too large.
    this.#maxBytes = connection.maxBytes() ?? this.#maxBytes;
    if (this.#connecting === connecting) this.#connecting = null;
    await connection.close();
    return this.#connected();
  }

  async #connect(): Promise<Connection> {
    try {
      const connection = await connectAmqp(this.address, this.mayCreate);
      connection.onReturn((pushId) => this.#returned.add(pushId));
      return connection;
    } catch (error) {
      this.#connecting = null;
      throw error;
    }
  }
}

/** Publishing on a channel that has just been closed throws. */
function isClosedChannel(error: unknown): boolean {
  return error instanceof Error && error.name === "IllegalOperationError";
}
