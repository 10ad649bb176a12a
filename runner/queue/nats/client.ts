import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { Authenticator, NatsConnection } from "@nats-io/transport-node";
import { QueueError } from "../queue-error.js";
import type { NatsAddress } from "./address.js";

/** A connection, and the parts of the client packages that are used with it. */
export interface NatsClient {
  readonly address: string;
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  newInbox(): string;
  newHeaders(values: Readonly<Record<string, string>>): ReturnType<Packages["transport"]["headers"]>;
}

/** The timeout of one request, which is then repeated. */
const REQUEST_MS = 3000;

export async function connectNats(address: NatsAddress): Promise<NatsClient> {
  const { transport, jetstream } = await loadPackages();
  const connection = await connected(transport, address);
  // The check would fail while a server that has just started is still reading its streams.
  const manager = await jetstream.jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_MS });
  return {
    address: address.shown,
    connection,
    manager,
    jetstream: jetstream.jetstream(connection, { timeout: REQUEST_MS }),
    newInbox: () => transport.createInbox(),
    newHeaders(values) {
      const headers = transport.headers();
      for (const [name, value] of Object.entries(values)) headers.set(name, value);
      return headers;
    },
  };
}

interface Packages {
  readonly transport: typeof import("@nats-io/transport-node");
  readonly jetstream: typeof import("@nats-io/jetstream");
}

async function loadPackages(): Promise<Packages> {
  try {
    const [transport, jetstream] = await Promise.all([import("@nats-io/transport-node"), import("@nats-io/jetstream")]);
    return { transport, jetstream };
  } catch (error) {
    const install = 'npm install "@nats-io/transport-node@>=3.3 <4" "@nats-io/jetstream@>=3.3 <4"';
    throw new QueueError("missing_client", `a queue at nats:// needs packages that are not installed: run \`${install}\``, { cause: error });
  }
}

async function connected(transport: Packages["transport"], address: NatsAddress): Promise<NatsConnection> {
  try {
    return await transport.connect({
      servers: address.server,
      name: "probe-run",
      timeout: REQUEST_MS,
      // Reconnects until the queue is closed: the stored messages are still there when the server comes back.
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      ...(address.isTls ? { tls: {} } : {}),
      authenticator: authenticators(transport, address),
    });
  } catch (error) {
    const { message } = error as Error;
    const isRefused = /authori|authenti/i.test(`${(error as Error).name} ${message}`);
    if (isRefused) throw new QueueError("refused", `${address.shown} refused access: ${message}. Check the user and password, or the token`, { cause: error });
    throw new QueueError("unreachable", `no connection to ${address.shown}: ${message}. Is a nats-server running there?`, { cause: error });
  }
}

function authenticators(transport: Packages["transport"], { user, password, token }: NatsAddress): Authenticator[] {
  if (user !== null) return [transport.usernamePasswordAuthenticator(user, password ?? "")];
  return token === null ? [] : [transport.tokenAuthenticator(token)];
}
