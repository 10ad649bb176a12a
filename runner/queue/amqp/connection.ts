import { setTimeout as sleep } from "node:timers/promises";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import { QueueError } from "../queue-error.js";
import type { AmqpAddress } from "./address.js";
import { asQueueError, maxBytesIn } from "./errors.js";

const CONNECT_MS = 5000;
const CLOSE_MS = 2000;
/** After this time without data, either side considers the connection dead. */
const HEARTBEAT_SECONDS = 10;

/** A connection with one channel, which is replaced when it fails. */
export interface Connection {
  readonly channel: ConfirmChannel;
  /** Why the broker blocks publishers, such as a full disk; null if it does not. */
  blocked(): string | null;
  isOver(): boolean;
  /** The broker's limit of a message's size, once a message has exceeded it: then the broker closes the channel. Null if none has. */
  maxBytes(): number | null;
  /** Calls `onReturn` for each message that the broker returns. */
  onReturn(listener: (pushId: string) => void): void;
  close(): Promise<void>;
}

/** Identifies a published message if it is returned. */
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
  let maxBytes: number | null = null;
  const end = (): void => {
    isOver = true;
  };
  model.on("close", end);
  // The channel reports the error to pending confirmations.
  model.on("error", end);
  model.on("blocked", (reason) => (blocked = reason));
  model.on("unblocked", () => (blocked = null));
  try {
    const channel = await model.createConfirmChannel();
    channel.on("close", end);
    channel.on("error", (error: unknown) => {
      end();
      maxBytes = maxBytesIn(error);
    });
    await openQueue(channel, address, mayCreate);
    return {
      channel,
      blocked: () => blocked,
      isOver: () => isOver,
      maxBytes: () => maxBytes,
      onReturn: (listener) => void channel.on("return", ({ properties }) => listener(String(properties.headers?.[PUSH_HEADER]))),
      close: () => close(model),
    };
  } catch (error) {
    await close(model);
    throw error;
  }
}

/** A stuck broker or a lost connection does not answer the close request; then only the socket can be closed. */
async function close(model: ChannelModel): Promise<void> {
  const closing = (async () => model.close())().then(
    () => true,
    () => true,
  );
  const timeout = new AbortController();
  const isClosed = await Promise.race([closing, sleep(CLOSE_MS, false, { signal: timeout.signal }).catch(() => false)]);
  timeout.abort();
  const { stream } = model.connection as { stream?: { destroy(error: Error): void } };
  if (!isClosed) stream?.destroy(new Error("the broker does not answer"));
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
