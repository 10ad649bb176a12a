import type { Phase } from "../../../schemas/failure.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import { MessageSession } from "../transport/message-session.js";
import type { BsonDocument, CommandValue } from "./bson.js";
import { encodeMessage, MongoDecoder, type MongoMessage } from "./message.js";

/** What a server says of a command that it refuses. */
export interface ServerError {
  readonly code: number;
  /** As Unauthorized. */
  readonly name: string;
  readonly message: string;
}

export interface Answer {
  readonly document: BsonDocument;
  /** Null if the command was carried out. */
  readonly error: ServerError | null;
  readonly duration_ms: number;
}

const MAX_TEXT_CHARACTERS = 2000;
/** MaxTimeMSExpired. */
const TOO_LONG = 50;
/** A server that stops, changes its role, has lost the others, or has not yet finished starting. */
const RETRYABLE: ReadonlySet<number> = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** A conversation with a MongoDB server by OP_MSG: one command, one answer. */
export class MongoSession {
  /** The last error. */
  error: ServerError | null = null;
  readonly #session: MessageSession<MongoMessage>;
  #id = 0;

  constructor(
    readonly connection: Connection,
    timeoutMs: number,
  ) {
    this.#session = new MessageSession(connection, new MongoDecoder(), timeoutMs);
  }

  /** The name is the document's first key, and the operation's. */
  async command(phase: Phase, database: string, document: { readonly [key: string]: CommandValue }): Promise<Answer> {
    const session = this.#session;
    this.#id += 1;
    const id = this.#id;
    let error: ServerError | null = null;
    let answer: BsonDocument = new Map();
    const operation = await session.operation(Object.keys(document)[0] as string, phase, async (running) => {
      session.send(encodeMessage(id, 0, { ...document, $db: database }));
      const { responseTo, document: received } = await session.next();
      if (responseTo !== id) throw failureError(phase, "protocol_violation", `an answer to request ${responseTo}, which was not asked`);
      answer = received;
      error = errorOf(received);
      if (error !== null) running.message = `${error.name}: ${error.message}`;
      return running;
    });
    if (error !== null) this.error = error;
    return { document: answer, error, duration_ms: operation.duration_ms ?? 0 };
  }

  /** The same, for a command whose refusal is a failure. */
  async require(phase: Phase, database: string, document: { readonly [key: string]: CommandValue }): Promise<Answer> {
    const answer = await this.command(phase, database, document);
    if (answer.error !== null) throw rejected(phase, answer.error);
    return answer;
  }

  close(): void {
    this.#session.close();
  }
}

export function rejected(phase: Phase, { code, name, message }: ServerError): FailureError {
  if (code === TOO_LONG) return failureError(phase, "timeout", `the server ended the command: ${message} (${name})`);
  const { failure } = failureError(phase, "reply_rejected", `${message} (${name}, ${code})`);
  return new FailureError({ ...failure, retryable: RETRYABLE.has(code) });
}

function errorOf(document: BsonDocument): ServerError | null {
  if (document.get("ok") === 1) return null;
  const code = document.get("code");
  const text = (name: string): string => {
    const value = document.get(name);
    return typeof value === "string" ? value.slice(0, MAX_TEXT_CHARACTERS) : "";
  };
  return { code: typeof code === "number" ? code : 0, name: text("codeName") || "an error without a name", message: text("errmsg") || text("$err") };
}
