import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { IRedisClient, Queue, QueueOptions, RedisConnection, Worker, WorkerOptions } from "bullmq";
import { QueueError } from "../queue-error.js";
import type { RedisAddress } from "./address.js";
import { type BullMq, loadBullMq, missingClient } from "./client.js";
import { asQueueError, isRefusal, unreachable } from "./errors.js";
import { SCRIPTS, type ScriptName } from "./scripts/index.js";

/** The timeout of the first connection, including retries. */
const OPEN_MS = 4000;
/** A command that waits for a connection fails after this number of retries: about five seconds with the delays below. */
const RETRIES_PER_COMMAND = 9;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
/** How long closing waits for the reply to QUIT. */
const QUIT_MS = 1000;

/** A connection to Redis that reconnects by itself. Commands without an answer are sent again after a reconnect. */
export class Connection {
  /** The last error of the connection: why a command could not be sent. */
  #lastError: Error | null = null;
  #isClosed = false;
  /** Rejects the pending calls of guard(). */
  readonly #pendingCalls = new Set<() => void>();

  private constructor(
    readonly address: RedisAddress,
    readonly bullMq: BullMq,
    readonly redis: RedisConnection,
    readonly client: IRedisClient,
  ) {
    redis.on("error", (error: Error) => (this.#lastError = error));
    redis.on("ready", () => (this.#lastError = null));
    for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(commandName(name), { numberOfKeys: 1, lua });
  }

  static async open(address: RedisAddress): Promise<Connection> {
    const bullMq = await loadBullMq();
    const redis = new bullMq.RedisConnection(optionsFor(address), { blocking: false, shared: false });
    try {
      return new Connection(address, bullMq, redis, await firstConnection(redis, address));
    } catch (error) {
      await redis.close(true).catch(() => undefined);
      throw asQueueError(missingClient(error), address.shown, null);
    }
  }

  /** A queue of BullMQ on this connection. */
  queue(name: string, options: Omit<QueueOptions, "connection"> = {}): Queue {
    const queue = new this.bullMq.Queue(name, { ...options, connection: this.client, prefix: this.address.prefix });
    // Each command that fails reports its error.
    queue.on("error", () => undefined);
    return queue;
  }

  run(script: ScriptName, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    return this.guard(() => this.client.runCommand(commandName(script), [...keys, ...values]));
  }

  async guard<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw this.closedError();
    try {
      return await this.#unlessEnded(work());
    } catch (error) {
      throw this.#isClosed ? this.closedError() : asQueueError(error, this.address.shown, this.#lastError);
    }
  }

  /** A worker of BullMQ without a processor, on its own connections: one of them blocks, and BullMQ requires unlimited retries for it. */
  worker(name: string, options: Omit<WorkerOptions, "connection">): Worker {
    // BullMQ needs to know the version, or it waits in whole seconds. The server was inspected before, so BullMQ has nothing to print about it.
    const { maxRetriesPerRequest: _, skipVersionCheck: __, ...connection } = optionsFor(this.address);
    const worker = new this.bullMq.Worker(name, null, { ...options, connection, prefix: this.address.prefix, autorun: false });
    worker.on("error", (error: Error) => (this.#lastError = error));
    return worker;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // QUIT lets pending commands finish. If the connection is lost at this moment, QUIT would be retried for seconds.
    const closing = this.redis.close(this.client.status !== "ready").catch(() => undefined);
    const isClosed = await Promise.race([closing.then(() => true), sleep(QUIT_MS, false, { ref: false })]);
    if (!isClosed) this.client.disconnect();
    for (const end of this.#pendingCalls) end();
  }

  /** A client that is closed while it reconnects never settles the commands that wait for the connection. */
  #unlessEnded<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const end = (): void => reject(this.closedError());
      this.#pendingCalls.add(end);
      work.then(resolve, reject).finally(() => this.#pendingCalls.delete(end));
    });
  }

  closedError(): QueueError {
    return new QueueError("closed", `${this.address.shown} has been closed`);
  }
}

/**
 * Runs what sends many commands in this turn, which then leave in one write: a write for each would cost a system call for each, here and at the
 * server, which also answers in one write what arrives in one. Each is still a command of its own, so nothing changes if the connection is lost.
 */
export function inOneWrite<Result>(client: IRedisClient, send: () => Result): Result {
  const { stream } = client as { readonly stream?: Pick<Writable, "cork" | "uncork"> };
  stream?.cork();
  // Not by nextTick: BullMQ sends after some promises of its own.
  setImmediate(() => stream?.uncork());
  return send();
}

function commandName(script: string): string {
  return `probeRun:${script}`;
}

function optionsFor({ host, port, isEncrypted, username, password, database }: RedisAddress) {
  return {
    host,
    port,
    db: database,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(isEncrypted ? { tls: {} } : {}),
    connectTimeout: OPEN_MS,
    // BullMQ would print warnings about the server; inspect.ts reports them.
    skipVersionCheck: true,
    maxRetriesPerRequest: RETRIES_PER_COMMAND,
    // The address may lead to another server by now; the command itself fails.
    reconnectOnError: ({ message }: Error) => (message.startsWith("READONLY") ? 1 : false),
    // With jitter, so that a fleet does not reconnect in one moment.
    retryStrategy: (times: number) => (0.5 + Math.random() / 2) * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** times),
  };
}

/** The client retries for ever, but opening a queue must report an error. */
function firstConnection(redis: RedisConnection, { shown }: RedisAddress): Promise<IRedisClient> {
  return new Promise((resolve, reject) => {
    let lastError = new Error(`no answer within ${OPEN_MS} ms`);
    const timer = setTimeout(() => reject(unreachable(shown, lastError)), OPEN_MS);
    redis.on("error", (error: Error) => {
      lastError = error;
      if (isRefusal(error)) reject(error);
    });
    redis.client.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
