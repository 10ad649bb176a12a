import type { Phase } from "../../../schemas/failure.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import { MessageSession } from "../transport/message-session.js";
import { encodeCommand, type RedisReply, RespDecoder } from "./resp.js";

/** Messages that a server sends without a command, such as cache invalidations: we never subscribe to any. */
const MAX_PUSHES = 100;
/** Errors that pass by themselves. */
const RETRYABLE: ReadonlySet<string> = new Set(["LOADING", "BUSY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN"]);

export interface TimedReply {
  readonly reply: RedisReply;
  readonly duration_ms: number;
}

/** A command's name, which may be two words, and its arguments. */
type Command = readonly [name: string, ...words: string[]];

/** A conversation with a Redis server: one command, one reply. An error is a reply, and no failure. */
export class RedisSession {
  readonly #session: MessageSession<RedisReply>;
  #pushes = 0;

  constructor(
    readonly connection: Connection,
    timeoutMs: number,
  ) {
    this.#session = new MessageSession(connection, new RespDecoder(), timeoutMs);
  }

  /** The operation has the command's name: its arguments may be secret. */
  command(phase: Phase, name: string, ...words: readonly string[]): Promise<TimedReply> {
    return this.pipeline(phase, [[name, ...words]])[0] as Promise<TimedReply>;
  }

  /**
   * Several commands in one write, for which the server is asked once: none may depend on the answer to another. The time of each runs from that
   * write until its own reply.
   */
  pipeline(phase: Phase, commands: readonly Command[]): Promise<TimedReply>[] {
    const bytes = Buffer.concat(commands.map(([name, ...words]) => encodeCommand(...name.split(" "), ...words)));
    let previous: Promise<unknown> = Promise.resolve();
    return commands.map(([name], index) => {
      const before = previous;
      const answered = this.#timed(phase, name, () => {
        if (index > 0) return before;
        // It would be taken for the answer to this command.
        if (this.#session.decoder.pendingBytes > 0) throw failureError(phase, "protocol_violation", "the server sent a reply that nothing asked for");
        this.#session.send(bytes);
        return before;
      });
      // If one fails, those after it fail as well, and the caller may not look at them any more.
      answered.catch(() => undefined);
      previous = answered;
      return answered;
    });
  }

  async #timed(phase: Phase, name: string, begin: () => Promise<unknown>): Promise<TimedReply> {
    const { reply, operation } = await this.#session.operation(name, phase, async (running) => {
      await begin();
      const answer = await this.#reply();
      running.message = summaryOf(answer);
      return { reply: answer, operation: running };
    });
    return { reply, duration_ms: operation.duration_ms ?? 0 };
  }

  close(): void {
    this.#session.close();
  }

  async #reply(): Promise<RedisReply> {
    for (;;) {
      const reply = await this.#session.next();
      if (reply.type !== "push" && reply.type !== "attribute") return reply;
      if (++this.#pushes > MAX_PUSHES) throw failureError(this.#session.phase, "limit_exceeded", `more than ${MAX_PUSHES} messages that nothing asked for`);
    }
  }
}

/** The first word of an error, as NOAUTH; null for another reply. */
export function errorCode(reply: RedisReply): string | null {
  return reply.type === "error" ? (/^[A-Z][A-Z0-9]*/.exec(reply.text)?.[0] ?? "ERR") : null;
}

export function rejected(phase: Phase, what: string, reply: RedisReply): FailureError {
  const { failure } = failureError(phase, "reply_rejected", `${what}: ${summaryOf(reply)}`);
  const code = errorCode(reply) ?? "";
  return new FailureError({ ...failure, retryable: RETRYABLE.has(code) || /max number of clients/.test(summaryOf(reply)) });
}

/** A reply in a few words. */
export function summaryOf(reply: RedisReply): string {
  switch (reply.type) {
    case "status":
    case "error":
      return reply.text;
    case "bulk":
      return `${reply.bytes.length} bytes`;
    case "number":
    case "boolean":
      return String(reply.value);
    case "null":
      return "null";
    default:
      return `${reply.items.length} items`;
  }
}
