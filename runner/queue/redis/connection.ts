import { setTimeout as sleep } from "node:timers/promises";
import type { IRedisClient, Queue, QueueOptions, RedisConnection, Worker, WorkerOptions } from "bullmq";
import { QueueError } from "../queue-error.js";
import type { RedisAddress } from "./address.js";
import { type BullMq, loadBullMq, missingClient } from "./client.js";
import { asQueueError, isRefusal, unreachable } from "./errors.js";
import { SCRIPTS, type ScriptName } from "./scripts/index.js";

/** How long the first connection may take, tries included. */
const OPEN_MS = 4000;
/** A command that waits for a connection fails after so many tries: with the pauses below, some five seconds. */
const TRIES_PER_COMMAND = 9;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
/** How long closing waits for the reply to QUIT. */
const GOODBYE_MS = 1000;

/** One connection to Redis, which comes back by itself when it is lost. What was sent and not answered is sent again then. */
export class Connection {
  /** What was last wrong with it: why a command waited in vain. */
  #trouble: Error | null = null;
  #isClosed = false;
  /** Ends the waits of the callers of guard(). */
  readonly #underWay = new Set<() => void>();

  private constructor(
    readonly address: RedisAddress,
    readonly bullMq: BullMq,
    readonly redis: RedisConnection,
    readonly client: IRedisClient,
  ) {
    redis.on("error", (error: Error) => (this.#trouble = error));
    redis.on("ready", () => (this.#trouble = null));
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
    // Told by the command that fails.
    queue.on("error", () => undefined);
    return queue;
  }

  run(script: ScriptName, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    return this.guard(() => this.client.runCommand(commandName(script), [...keys, ...values]));
  }

  async guard<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw this.#closed();
    try {
      return await this.#unlessEnded(work());
    } catch (error) {
      throw this.#isClosed ? this.#closed() : asQueueError(error, this.address.shown, this.#trouble);
    }
  }

  /** A worker of BullMQ without a processor, on connections of its own: one of them blocks, and BullMQ allows it no end of retries. */
  worker(name: string, options: Omit<WorkerOptions, "connection">): Worker {
    // BullMQ has to know the version, or it waits in whole seconds. The server was inspected, so it has nothing to print about it.
    const { maxRetriesPerRequest: _, skipVersionCheck: __, ...connection } = optionsFor(this.address);
    const worker = new this.bullMq.Worker(name, null, { ...options, connection, prefix: this.address.prefix, autorun: false });
    worker.on("error", (error: Error) => (this.#trouble = error));
    return worker;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // QUIT lets commands under way finish. It would be sent again for seconds if the connection is lost at this moment.
    const closing = this.redis.close(this.client.status !== "ready").catch(() => undefined);
    const isClosed = await Promise.race([closing.then(() => true), sleep(GOODBYE_MS, false, { ref: false })]);
    if (!isClosed) this.client.disconnect();
    for (const end of this.#underWay) end();
  }

  /** A client that is closed while it reconnects leaves the commands that wait for the connection open for ever. */
  #unlessEnded<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const end = (): void => reject(this.#closed());
      this.#underWay.add(end);
      work.then(resolve, reject).finally(() => this.#underWay.delete(end));
    });
  }

  #closed(): QueueError {
    return new QueueError("closed", `${this.address.shown} has been closed`);
  }
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
    // BullMQ would print what it thinks of the server: inspect.ts tells it.
    skipVersionCheck: true,
    maxRetriesPerRequest: TRIES_PER_COMMAND,
    // The address may lead to another server by now; the command itself fails.
    reconnectOnError: ({ message }: Error) => (message.startsWith("READONLY") ? 1 : false),
    // With jitter: a fleet that lost its Redis does not come back in one moment.
    retryStrategy: (times: number) => (0.5 + Math.random() / 2) * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** times),
  };
}

/** A client of Redis tries for ever; whoever opens a queue wants to be told. */
function firstConnection(redis: RedisConnection, { shown }: RedisAddress): Promise<IRedisClient> {
  return new Promise((resolve, reject) => {
    let trouble = new Error(`no answer within ${OPEN_MS} ms`);
    const timer = setTimeout(() => reject(unreachable(shown, trouble)), OPEN_MS);
    redis.on("error", (error: Error) => {
      trouble = error;
      if (isRefusal(error)) reject(error);
    });
    redis.client.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
