import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import type { Attempt } from "../../../schemas/network.js";
import type { Operation } from "../../../schemas/operation.js";
import { isOneLine } from "../../../schemas/text.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { FailureError, fail } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import type { DialTarget, TcpGrant } from "../transport/dial.js";
import type { SecureOptions } from "../transport/secure-options.js";
import type { TlsGrant } from "../transport/tls.js";
import type { Capability } from "./capabilities.js";
import { failureReply, type Reply, ReplyParser, replyLine } from "./reply.js";

export interface SessionOptions extends DialTarget {
  /** For the greeting and for each reply. */
  command_timeout_ms: number;
}

/** What a session needs of its run's ctx. */
export interface Pop3Context {
  readonly tcp: TcpGrant;
  readonly tls: TlsGrant;
}

/** A reply, and how long it took from the write of its command to the arrival of its last line. */
export interface TimedReply extends Reply {
  readonly duration_ms: number;
}

export interface CommandOptions {
  /** Stands in the trace for a line that holds a secret. */
  shown?: string;
  /** A +OK is followed by more lines, up to a lone dot. */
  isLong?: boolean;
  /** AUTH: the server may ask on. */
  mayContinue?: boolean;
  /** Nothing behind the reply is read before it is known to be safe (STLS). */
  holds?: boolean;
}

interface Waiting extends Required<Omit<CommandOptions, "shown">> {
  phase: Phase;
  operation: Operation;
  resolve: (reply: TimedReply) => void;
  reject: (error: FailureError) => void;
}

/**
 * One POP3 conversation, made for measuring: every command is an operation, whose code is null and whose message is what the server
 * said, as `+OK ready`. It judges nothing: -ERR is a result, and only what ends the conversation is a failure.
 */
export class Pop3Session implements ConnectionReader {
  greeting: TimedReply | null = null;
  /** Of the last CAPA; null before it, and where the server does not know it. */
  capabilities: readonly Capability[] | null = null;
  /** A -ERR that came although nothing was asked: so do servers end a session that was idle for too long. */
  farewell: Reply | null = null;
  readonly parser = new ReplyParser();
  readonly connection: Connection;
  readonly context: Pop3Context;
  readonly options: SessionOptions;
  readonly #state: WireRun;
  #waiting: Waiting | null = null;
  #broken: Break | null = null;
  #holding = false;

  /** A connection on which nothing was heard yet. greet() comes next; secure() before it where TLS comes first. */
  static async connect(context: Pop3Context, options: SessionOptions, attempts: Attempt[] = []): Promise<Pop3Session> {
    return new Pop3Session(context, await context.tcp.connect(options, attempts), options);
  }

  private constructor(context: Pop3Context, connection: Connection, options: SessionOptions) {
    this.context = context;
    this.connection = connection;
    this.options = options;
    this.#state = connection.run;
  }

  /** Puts the connection into TLS. When that fails the session is over. */
  async secure(options: SecureOptions): Promise<TlsFacts> {
    const facts = await this.context.tls.secure(this.connection, options, this.options.command_timeout_ms);
    // What was offered in the clear may have been anyone's (RFC 2595, section 4).
    this.capabilities = null;
    this.#holding = false;
    return facts;
  }

  async greet(): Promise<TimedReply> {
    const reply = this.#expect("greeting", "greeting", {});
    this.connection.readBy(this);
    return reply;
  }

  /** Sends one command line and waits for its reply. */
  async command(name: string, phase: Phase, line: string, { shown = line, ...options }: CommandOptions = {}): Promise<TimedReply> {
    // Contracts keep such values out. This is the last door before the wire, for what no contract has seen.
    if (!isOneLine(line)) throw fail(phase, "not_permitted", "a command with CR, LF or NUL is never sent");
    const reply = this.#expect(phase, name, options);
    this.#state.recorder.note("sent", shown);
    this.connection.write(`${line}\r\n`);
    return reply;
  }

  /** STLS was refused: reads on in the clear. */
  resume(): void {
    this.#holding = false;
  }

  close(): void {
    this.connection.close();
  }

  /** What has arrived and was not asked for: after STLS, plain text that pretends to have come through TLS. */
  get hasUnreadText(): boolean {
    return this.connection.unreadBytes > 0 || !this.parser.isEmpty;
  }

  received(text: string, at: number): void {
    this.parser.push(text);
    while (!this.#holding && this.#broken === null) {
      const reply = this.parser.next({ isLong: this.#waiting?.isLong ?? false });
      if (reply === null) break;
      this.#deliver(reply, at);
    }
    if (this.parser.malformed !== null) this.#breakOff(this.parser.malformed, at);
  }

  broken(reason: Break, at: number): void {
    if (this.#broken !== null) return;
    this.#broken = reason;
    this.#state.recorder.note("note", reason.message, at);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    this.#state.recorder.end(waiting.operation, null, null, at);
    waiting.reject(this.#failure(waiting.phase, reason));
  }

  #deliver(reply: Reply, at: number): void {
    const { recorder } = this.#state;
    if (recorder.trace !== null) recorder.note("received", shownReply(reply, this.#waiting), at);
    const waiting = this.#waiting;
    if (waiting === null || (reply.status === "continue" && !waiting.mayContinue)) {
      this.#unasked(reply, at);
      return;
    }
    this.#waiting = null;
    this.connection.waitNoMore();
    recorder.end(waiting.operation, null, [replyLine(reply), ...reply.lines].join("\n"), at);
    this.#holding = waiting.holds;
    const timed = { ...reply, duration_ms: waiting.operation.duration_ms ?? 0 };
    this.greeting ??= timed;
    waiting.resolve(timed);
  }

  #unasked(reply: Reply, at: number): void {
    if (this.#waiting === null && reply.status === "ERR") this.farewell = reply;
    else this.#breakOff({ code: "protocol_violation", message: `an unexpected reply: ${replyLine(reply)}` }, at);
  }

  #breakOff(reason: Break, at: number): void {
    this.connection.close();
    this.broken(reason, at);
  }

  #expect(phase: Phase, name: string, { isLong = false, mayContinue = false, holds = false }: CommandOptions): Promise<TimedReply> {
    const end = this.#end;
    if (end !== null) throw this.#failure(phase, end);
    if (this.#waiting !== null) throw new Error(`${name} was called while ${this.#waiting.operation.name} is under way`);
    const operation = this.#state.recorder.begin(name);
    this.connection.waitAtMost(this.options.command_timeout_ms);
    return new Promise((resolve, reject) => {
      this.#waiting = { phase, operation, isLong, mayContinue, holds, resolve, reject };
    });
  }

  /** Why nothing more can be asked: the conversation broke, or the server has said goodbye. */
  get #end(): Break | null {
    const end = this.#broken ?? this.connection.broken;
    return end ?? (this.farewell === null ? null : { code: "closed", message: "the server has ended the session" });
  }

  #failure(phase: Phase, reason: Break): FailureError {
    const { farewell } = this;
    // A server that said goodbye before it went has told us why.
    const message = farewell === null ? reason.message : `${reason.message}: ${replyLine(farewell)}`;
    return new FailureError(failure(phase, reason.code, message), farewell === null ? null : failureReply(farewell));
  }
}

/** As it came, with the dots that were put before lines, and the one that ends them. */
function shownReply(reply: Reply, waiting: Waiting | null): string {
  if (waiting === null || !waiting.isLong || reply.status !== "OK") return replyLine(reply);
  return [replyLine(reply), ...reply.lines.map((line) => (line.startsWith(".") ? `.${line}` : line)), "."].join("\n");
}
