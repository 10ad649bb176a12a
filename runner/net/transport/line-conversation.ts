import type { Phase } from "../../../schemas/failure.js";
import type { Attempt } from "../../../schemas/network.js";
import type { Operation } from "../../../schemas/operation.js";
import { isOneLine } from "../../../schemas/text.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import type { Break, Connection, ConnectionReader } from "./connection.js";
import type { DialTarget, TcpGrant } from "./dial.js";

export interface LineOptions extends DialTarget {
  /** For each line that is waited for. */
  command_timeout_ms: number;
}

/** One line as it came, without its end, and how long it was waited for. */
export interface Line {
  text: string;
  duration_ms: number;
}

/** No line protocol in use has honest lines that are longer. */
const MAX_LINE_BYTES = 8192;

/** What a peer may say ahead of being asked. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** A conversation in lines, for probes of simple protocols: each expected line is an operation. */
export class LineConversation implements ConnectionReader {
  readonly connection: Connection;
  readonly #options: LineOptions;
  #text = "";
  #waiting: { operation: Operation; phase: Phase; resolve: (line: Line) => void; reject: (error: FailureError) => void } | null = null;
  #broken: Break | null = null;

  static async open(context: { readonly tcp: TcpGrant }, options: LineOptions, attempts: Attempt[] = []): Promise<LineConversation> {
    const conversation = new LineConversation(await context.tcp.connect(options, attempts), options);
    conversation.connection.readBy(conversation);
    return conversation;
  }

  private constructor(connection: Connection, options: LineOptions) {
    this.connection = connection;
    this.#options = options;
  }

  /** Waits for the next line. */
  line(name: string, phase: Phase): Promise<Line> {
    const operation = this.connection.run.recorder.begin(name);
    if (this.#waiting !== null) throw new Error("a line is waited for already");
    return new Promise((resolve, reject) => {
      this.#waiting = { operation, phase, resolve, reject };
      this.connection.waitAtMost(this.#options.command_timeout_ms);
      this.#answer();
    });
  }

  /** Sends a line and waits for the one that answers it. */
  ask(name: string, phase: Phase, line: string): Promise<Line> {
    if (!isOneLine(line)) throw failureError(phase, "not_permitted", "a line with CR, LF or NUL is never sent");
    const answer = this.line(name, phase);
    this.connection.run.recorder.note("sent", line);
    this.connection.write(`${line}\r\n`);
    return answer;
  }

  close(): void {
    this.connection.close();
  }

  received(text: string, at: number): void {
    this.#text += text;
    this.#answer(at);
    if (this.#text.length <= MAX_UNREAD_BYTES) return;
    this.#text = "";
    this.#broken ??= { code: "limit_exceeded", message: `more than ${MAX_UNREAD_BYTES} unexpected bytes` };
    this.connection.close();
  }

  broken(reason: Break, at: number): void {
    this.#broken ??= reason;
    this.#answer(at);
  }

  #answer(at?: number): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    let end = this.#text.indexOf("\n");
    if ((end === -1 ? this.#text.length : end) > MAX_LINE_BYTES) {
      this.#text = "";
      end = -1;
      this.#broken ??= { code: "limit_exceeded", message: `a line of more than ${MAX_LINE_BYTES} bytes` };
      this.connection.close();
    }
    if (end === -1 && this.#broken === null) return;
    const { recorder } = this.connection.run;
    this.#waiting = null;
    this.connection.waitNoMore();
    if (end === -1) {
      recorder.end(waiting.operation, null, null, at);
      waiting.reject(failureError(waiting.phase, (this.#broken as Break).code, (this.#broken as Break).message));
      return;
    }
    const text = Buffer.from(this.#text.slice(0, end).replace(/\r$/, ""), "latin1").toString("utf8");
    this.#text = this.#text.slice(end + 1);
    recorder.note("received", text, at);
    recorder.end(waiting.operation, null, text, at);
    waiting.resolve({ text, duration_ms: waiting.operation.duration_ms as number });
  }
}
