import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import { isOneLine } from "../../../schemas/text.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { FailureError, type FailureReply, failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Break, Connection, ConnectionReader } from "./connection.js";
import type { DialTarget, TcpGrant } from "./dial.js";
import type { LineOddity } from "./line-text.js";
import type { SecureOptions } from "./secure-options.js";
import type { TlsGrant } from "./tls.js";

export interface SessionOptions extends DialTarget {
  /** For the greeting and for each reply. */
  command_timeout_ms: number;
}

/** What a session needs of its run's ctx. */
export interface ReplyContext {
  readonly tcp: TcpGrant;
  readonly tls: TlsGrant;
}

/** A reply, and how long it took from the write of its command to the arrival of its last line. */
export type Timed<Reply> = Reply & { readonly duration_ms: number };

/** How a protocol reads its replies, and shows them to people. */
export interface ReplyProtocol<Reply> {
  readonly parser: {
    readonly malformed: Break | null;
    readonly oddities: readonly LineOddity[];
    readonly isEmpty: boolean;
    push(text: string): void;
    next(expected: Expected): Reply | null;
  };
  readonly line: (reply: Reply) => string;
  /** All of its lines, for `operations`. */
  readonly whole: (reply: Reply) => string;
  /** As it came, for the trace. */
  readonly shown: (reply: Reply, expected: Expected | null) => string;
  /** It may come without a command: the server ends the session. */
  readonly isFarewell: (reply: Reply) => boolean;
  /** As the answer to a command, or as the greeting, it ends the session: nothing more is sent. */
  readonly endsSession: (reply: Reply) => boolean;
  readonly isChallenge: (reply: Reply) => boolean;
  readonly failureReply: (reply: Reply) => FailureReply;
}

/** What the next reply may be. */
export interface Expected {
  readonly isLong: boolean;
  readonly mayContinue: boolean;
}

export interface CommandOptions {
  /** Stands in the trace for a line that holds a secret. */
  shown?: string;
  /** More lines follow a positive reply. */
  isLong?: boolean;
  /** The server may ask for another line: a challenge of SASL. */
  mayContinue?: boolean;
  /** Nothing after the reply is read before it is known to be safe (STARTTLS). */
  holds?: boolean;
}

interface Waiting<Reply> extends Required<Omit<CommandOptions, "shown">> {
  phase: Phase;
  operation: Operation;
  resolve: (reply: Timed<Reply>) => void;
  reject: (error: FailureError) => void;
}

/**
 * A conversation in which one command at a time gets one reply, made for measuring: every command is an operation, whose code is null and
 * whose message is what the server said, as `+OK ready`. It judges nothing: a refusal is a result, and only what ends the conversation is a
 * failure.
 */
export class ReplySession<Reply> implements ConnectionReader {
  greeting: Timed<Reply> | null = null;
  /** A goodbye that came although nothing was asked: a server ends a session that was idle for too long. */
  farewell: Reply | null = null;
  readonly connection: Connection;
  readonly context: ReplyContext;
  readonly options: SessionOptions;
  readonly #state: WireRun;
  #waiting: Waiting<Reply> | null = null;
  #broken: Break | null = null;
  #holding = false;
  #isClosing = false;
  /** It has refused us in its greeting: many servers close the connection then. */
  #mayClose = false;

  constructor(
    readonly protocol: ReplyProtocol<Reply>,
    context: ReplyContext,
    connection: Connection,
    options: SessionOptions,
  ) {
    this.context = context;
    this.connection = connection;
    this.options = options;
    this.#state = connection.run;
  }

  get parser(): ReplyProtocol<Reply>["parser"] {
    return this.protocol.parser;
  }

  /** Puts the connection into TLS. When that fails the session is over. */
  async secure(options: SecureOptions): Promise<TlsFacts> {
    const facts = await this.context.tls.secure(this.connection, options, this.options.command_timeout_ms);
    this.#holding = false;
    return facts;
  }

  /**
   * STARTTLS, by the protocol's name for it. Resolves with the refusal, after which the conversation continues in plain text, or with null once
   * the connection is secured. Text after the go-ahead came in plain text, and would be taken for an answer given inside TLS (CVE-2011-0411).
   */
  async upgrade(verb: string, isGoAhead: (reply: Reply) => boolean, options: SecureOptions): Promise<Timed<Reply> | null> {
    const reply = await this.command(verb, "starttls", verb, { holds: true });
    if (this.hasUnreadText) {
      this.close();
      const message = `the server sent plain text after its reply to ${verb}: a response injection, or a server that is open to one`;
      throw failureError("starttls", "protocol_violation", message);
    }
    if (isGoAhead(reply)) {
      await this.secure(options);
      return null;
    }
    this.resume();
    return reply;
  }

  /** The protocol's goodbye, after which the session is over. */
  async leave(verb: string): Promise<Timed<Reply>> {
    // A client never talks before the greeting.
    if (this.greeting === null) this.close();
    this.connection.isLeaving = true;
    try {
      return await this.command(verb, "quit", verb);
    } finally {
      this.close();
    }
  }

  async greet(options: CommandOptions = {}): Promise<Timed<Reply>> {
    const reply = this.owed("greeting", "greeting", options);
    this.connection.readBy(this);
    return reply;
  }

  /** Sends one command line and waits for its reply. */
  async command(name: string, phase: Phase, line: string, { shown = line, ...options }: CommandOptions = {}): Promise<Timed<Reply>> {
    // The contracts refuse such values. This protects the wire from values that no contract has checked.
    if (!isOneLine(line)) throw failureError(phase, "not_permitted", "a command with CR, LF or NUL is never sent");
    const reply = this.owed(name, phase, options);
    this.#state.recorder.note("sent", shown);
    this.connection.write(`${line}\r\n`);
    return reply;
  }

  /** STARTTLS was refused: reads on in the clear. */
  resume(): void {
    this.#holding = false;
  }

  close(): void {
    this.connection.close();
  }

  /** What has arrived and was not asked for: after STARTTLS, plain text that pretends to have come through TLS. */
  get hasUnreadText(): boolean {
    return this.connection.unreadBytes > 0 || !this.parser.isEmpty;
  }

  received(text: string, at: number): void {
    this.parser.push(text);
    while (!this.#holding && this.#broken === null) {
      const reply = this.parser.next(this.#waiting ?? UNASKED);
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
    // A goodbye that crosses the server's close: whether it is sent at all depends on which comes first.
    if (this.#mayClose && waiting.phase === "quit") this.#state.recorder.forget(waiting.operation);
    else this.#state.recorder.end(waiting.operation, null, null, at);
    waiting.reject(this.#failure(waiting.phase, reason));
  }

  #deliver(reply: Reply, at: number): void {
    const { recorder } = this.#state;
    if (recorder.trace !== null) recorder.note("received", this.protocol.shown(reply, this.#waiting), at);
    const waiting = this.#waiting;
    if (waiting === null || (this.protocol.isChallenge(reply) && !waiting.mayContinue)) {
      this.#unasked(reply, at);
      return;
    }
    this.#waiting = null;
    this.connection.waitNoMore();
    recorder.end(waiting.operation, null, this.protocol.whole(reply), at);
    this.#holding = waiting.holds;
    this.#isClosing ||= this.protocol.endsSession(reply);
    this.#mayClose ||= this.greeting === null && this.protocol.isFarewell(reply);
    const timed = { ...reply, duration_ms: waiting.operation.duration_ms ?? 0 };
    this.greeting ??= timed;
    waiting.resolve(timed);
  }

  #unasked(reply: Reply, at: number): void {
    if (this.#waiting === null && this.protocol.isFarewell(reply)) this.farewell = reply;
    else this.#breakOff({ code: "protocol_violation", message: `an unexpected reply: ${this.protocol.line(reply)}` }, at);
  }

  #breakOff(reason: Break, at: number): void {
    this.connection.close();
    this.broken(reason, at);
  }

  /** Waits for a reply that no command asks for. */
  owed(name: string, phase: Phase, { isLong = false, mayContinue = false, holds = false }: CommandOptions): Promise<Timed<Reply>> {
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
    return end ?? (this.farewell === null && !this.#isClosing ? null : { code: "closed", message: "the server has ended the session" });
  }

  #failure(phase: Phase, reason: Break): FailureError {
    const { farewell } = this;
    // A server that said goodbye before it closed gave the reason.
    const message = farewell === null ? reason.message : `${reason.message}: ${this.protocol.line(farewell)}`;
    return new FailureError(failure(phase, reason.code, message), farewell === null ? null : this.protocol.failureReply(farewell));
  }
}

const UNASKED: Expected = { isLong: false, mayContinue: false };
