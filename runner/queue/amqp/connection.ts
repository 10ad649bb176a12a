import { setTimeout as sleep } from "node:timers/promises";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import { QueueError } from "../queue-error.js";
import type { AmqpAddress } from "./address.js";
import { asQueueError } from "./errors.js";

const CONNECT_MS = 5000;
const GOODBYE_MS = 2000;
/** Whichever side finds nothing from the other for so long takes the connection for dead. */
const HEARTBEAT_SECONDS = 10;

/** A connection with one channel. It is used until something is wrong with it, and then another is made. */
export interface Connection {
  readonly channel: ConfirmChannel;
  /** Why the broker takes nothing just now, such as a full disk; null when it does. */
  blocked(): string | null;
  isOver(): boolean;
  /** What is published and comes back is told to `onReturn`. */
  onReturn(listener: (pushId: string) => void): void;
  close(): Promise<void>;
}

/** Says which of our publications a message that comes back is. */
export const PUSH_HEADER = "probe-run-push";

export async function connectAmqp(address: AmqpAddress, mayCreate: boolean): Promise<Connection> {
  const { connect, credentials } = await loadClient();
  const { protocol, hostname, port, vhost, username, password } = address;
  try {
    const model = await connect(
      { protocol, hostname, port, vhost, heartbeat: HEARTBEAT_SECONDS },
      { credentials: credentials.plain(username, password), timeout: CONNECT_MS, clientProperties: { connection_name: "probe-run" } },
    );
    return await prepared(model, address, mayCreate);
  } catch (error) {
    throw asQueueError(error, address.shown);
  }
}

async function prepared(model: ChannelModel, address: AmqpAddress, mayCreate: boolean): Promise<Connection> {
  let isOver = false;
  let blocked: string | null = null;
  const end = (): void => {
    isOver = true;
  };
  model.on("close", end);
  // Whatever waits for a confirmation is told by the channel.
  model.on("error", end);
  model.on("blocked", (reason) => (blocked = reason));
  model.on("unblocked", () => (blocked = null));
  try {
    const channel = await model.createConfirmChannel();
    channel.on("close", end);
    channel.on("error", end);
    await openQueue(channel, address, mayCreate);
    return {
      channel,
      blocked: () => blocked,
      isOver: () => isOver,
      onReturn: (listener) => void channel.on("return", ({ properties }) => listener(String(properties.headers?.[PUSH_HEADER]))),
      close: () => close(model),
    };
  } catch (error) {
    await close(model);
    throw error;
  }
}

/** A broker that is stuck, or a connection that is lost, does not answer to the goodbye: then the socket is all there is to close. */
async function close(model: ChannelModel): Promise<void> {
  const said = (async () => model.close())().then(
    () => true,
    () => true,
  );
  const ending = new AbortController();
  const isSaid = await Promise.race([said, sleep(GOODBYE_MS, false, { signal: ending.signal }).catch(() => false)]);
  ending.abort();
  const { stream } = model.connection as { stream?: { destroy(error: Error): void } };
  if (!isSaid) stream?.destroy(new Error("the broker does not answer"));
}

async function openQueue(channel: ConfirmChannel, { queue, exchange, isQuorum }: AmqpAddress, mayCreate: boolean): Promise<void> {
  if (queue === null) await channel.checkExchange(exchange);
  else if (mayCreate) await channel.assertQueue(queue, { durable: true, arguments: isQuorum ? { "x-queue-type": "quorum" } : {} });
  else await channel.checkQueue(queue);
}

async function loadClient(): Promise<Pick<typeof import("amqplib"), "connect" | "credentials">> {
  try {
    return (await import("amqplib")).default;
  } catch (error) {
    const todo = 'run `npm install "amqplib@>=2 <3"`';
    throw new QueueError("missing_client", `a queue at amqp:// needs a package that is not installed: ${todo}`, { cause: error });
  }
}
