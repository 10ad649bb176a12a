import { randomInt } from "node:crypto";
import { type Failure, failure } from "../../../schemas/failure.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { startTimeout } from "../../run/timeout.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import { tcpGrant } from "../transport/dial.js";
import { requireTrusted, tlsGrant } from "../transport/tls.js";
import type { Channel, EncryptedOptions, Replied } from "./encrypted-channel.js";
import type { ServerAddress } from "./server-address.js";
import { framed } from "./tcp-framing.js";
import type { ReadReply } from "./udp.js";

/** Connects over TLS (RFC 7858). The certificate is judged by the caller, but for `require`, which sends nothing to a stranger. */
export async function openTls(
  state: WireRun,
  server: ServerAddress,
  { tls: { verify, servername, ...secure }, timeoutMs }: EncryptedOptions,
): Promise<Channel> {
  const host = servername ?? server.address;
  const target = { host: server.address, port: server.port, address_family: "any", connect_timeout_ms: timeoutMs, isUntimed: true } as const;
  const connection = await tcpGrant(state).connect(target);
  const tls = await tlsGrant(state).secure(connection, { ...secure, host }, timeoutMs);
  try {
    if (verify === "require") requireTrusted(tls, host);
  } catch (error) {
    connection.close();
    throw error;
  }
  return new TlsChannel(connection, tls);
}

interface Question {
  /** Gets the bytes of its reply, or why there is none. */
  settle(outcome: Buffer | Failure): void;
}

/** Replies that nothing waits for, after which another connection is opened. */
const MAX_ABANDONED = 100;

/** Questions whose replies come in any order, and are distinguished by their ids (RFC 7766, section 7). */
class TlsChannel implements Channel, ConnectionReader {
  readonly #questions = new Map<number, Question>();
  /** Of questions that nothing waits for any more: their replies may still come. */
  readonly #abandoned = new Set<number>();
  #received = Buffer.alloc(0);
  /** A server that left a question unanswered may leave the next one, too. */
  #isTired = false;

  constructor(
    readonly connection: Connection,
    readonly tls: TlsFacts,
  ) {
    connection.readBy(this);
  }

  get isOpen(): boolean {
    return this.connection.isWritable && !this.#isTired && this.#abandoned.size < MAX_ABANDONED;
  }

  async ask<Reply extends object>(run: WireRun, query: Buffer, read: ReadReply<Reply>, timeoutMs: number): Promise<Replied<Reply>> {
    const outcome = await this.#messageFor(run, query, timeoutMs);
    const reply = Buffer.isBuffer(outcome) ? read(outcome) : outcome;
    const shown = typeof reply === "string" ? failure("query", "protocol_violation", "a reply over TLS that cannot be read") : reply;
    return { reply: shown, tls: this.tls, httpVersion: null };
  }

  #messageFor(run: WireRun, query: Buffer, timeoutMs: number): Promise<Buffer | Failure> {
    const id = this.#freeId();
    return new Promise((resolve) => {
      let forget = (): void => {};
      const settle = (outcome: Buffer | Failure): void => {
        stopWaiting();
        forget();
        this.#questions.delete(id);
        if (!Buffer.isBuffer(outcome)) this.#abandoned.add(id);
        // The id on the wire is the connection's; the reply is compared with the query's own.
        else query.copy(outcome, 0, 0, 2);
        resolve(outcome);
        if (this.#isTired && this.#questions.size === 0) this.connection.close();
      };
      const stopWaiting = startTimeout(timeoutMs, () => {
        this.#isTired = true;
        settle(failure("query", "timeout", `no answer within ${timeoutMs} ms`));
      });
      this.#questions.set(id, { settle });
      forget = run.deadline.onEnd((reason) => settle(failure("query", reason, ENDED[reason])));
      if (!this.#questions.has(id)) return;
      if (!this.connection.isWritable) {
        settle(failure("query", "closed", "the connection was closed"));
        return;
      }
      const message = Buffer.from(query);
      message.writeUInt16BE(id, 0);
      this.connection.write(framed(message));
    });
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x1_0000);
      if (!this.#questions.has(id) && !this.#abandoned.has(id)) return id;
    }
  }

  received(text: string): void {
    this.#received = Buffer.concat([this.#received, Buffer.from(text, "latin1")]);
    // A length before each message (RFC 1035, section 4.2.2) bounds what is kept: 64 KiB.
    while (this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE(0)) {
      const end = 2 + this.#received.readUInt16BE(0);
      const message = this.#received.subarray(2, end);
      this.#received = this.#received.subarray(end);
      if (!this.#took(message)) return;
    }
  }

  /** Only the server writes into the connection: what is a reply to nothing is its mistake. */
  #took(message: Buffer): boolean {
    const id = message.length < 2 ? -1 : message.readUInt16BE(0);
    const question = this.#questions.get(id);
    if (question !== undefined) question.settle(message);
    else if (!this.#abandoned.delete(id)) {
      this.#end(failure("query", "protocol_violation", "a reply over TLS that cannot be read"));
      return false;
    }
    return true;
  }

  broken({ code, message }: Break): void {
    this.#end(failure("query", code, message));
  }

  #end(reason: Failure): void {
    this.connection.close();
    for (const question of [...this.#questions.values()]) question.settle(reason);
  }

  close(): void {
    this.#end(failure("query", "closed", "the connection was closed on this side"));
  }
}
