import type { Failure } from "../../../schemas/failure.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import type { Channel, EncryptedOptions, Replied } from "./encrypted-channel.js";
import { openHttps } from "./https.js";
import type { ServerAddress } from "./server-address.js";
import { openTls } from "./tls.js";
import type { ReadReply } from "./udp.js";

/** One encrypted connection to each name server, opened by the first question and shared by the others. */
export class EncryptedConnections {
  readonly #channels = new Map<string, Promise<Channel>>();
  /** Those that were replaced, too: questions may still wait on them. */
  readonly #all = new Set<Promise<Channel>>();

  /** Connections belong to `state`; each question to the run that asks it. */
  constructor(readonly state: WireRun) {}

  /** Rejects with a FailureError if there is no connection. */
  async ask<Reply extends object>(
    run: WireRun,
    server: ServerAddress,
    query: Buffer,
    options: EncryptedOptions,
    read: ReadReply<Reply>,
  ): Promise<Replied<Reply>> {
    const { channel, isNew } = await this.#channelTo(run, server, options);
    const replied = await channel.ask(run, query, read, options.timeoutMs);
    // Servers close what was idle: that the question met the end of the connection is no failure of the server (RFC 7766, section 6.2.4).
    if (isNew || channel.isOpen || !isGone(replied.reply)) return replied;
    const again = await this.#channelTo(run, server, options);
    return await again.channel.ask(run, query, read, options.timeoutMs);
  }

  async #channelTo(run: WireRun, server: ServerAddress, options: EncryptedOptions): Promise<{ channel: Channel; isNew: boolean }> {
    const key = JSON.stringify([server.text, options.tls, options.httpsPath]);
    const known = this.#channels.get(key);
    if (known !== undefined) {
      const channel = await whileRunning(run, known);
      if (channel.isOpen) return { channel, isNew: false };
      // Several questions may find it closed: the first of them replaces it.
      if (this.#channels.get(key) !== known) return await this.#channelTo(run, server, options);
    }
    const opening = this.#open(server, options);
    this.#channels.set(key, opening);
    this.#all.add(opening);
    opening.catch(() => {
      this.#all.delete(opening);
      if (this.#channels.get(key) === opening) this.#channels.delete(key);
    });
    return { channel: await whileRunning(run, opening), isNew: true };
  }

  #open(server: ServerAddress, options: EncryptedOptions): Promise<Channel> {
    return server.transport === "https" ? openHttps(this.state, server, options) : openTls(this.state, server, options);
  }

  close(): void {
    for (const opening of this.#all)
      opening.then(
        (channel) => channel.close(),
        () => undefined,
      );
    this.#channels.clear();
    this.#all.clear();
  }
}

/** A run that ends does not wait for a connection that others may need. */
function whileRunning<Result>({ deadline }: WireRun, promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const forget = deadline.onEnd((reason) => reject(failureError("query", reason, ENDED[reason])));
    promise.then(resolve, reject).finally(forget);
  });
}

function isGone(reply: object): boolean {
  return "code" in reply && GONE.has((reply as Failure).code);
}

const GONE: ReadonlySet<Failure["code"]> = new Set(["closed", "reset"]);

export function failureIn(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  throw error;
}
