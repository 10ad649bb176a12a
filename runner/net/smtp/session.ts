import type { Failure, Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import type { Attempt } from "../../../schemas/network.js";
import type { Operation } from "../../../schemas/operation.js";
import { isOneLine } from "../../../schemas/text.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic } from "../../run/clock.js";
import { FailureError, type FailureReply, failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import type { DialTarget, TcpGrant } from "../transport/dial.js";
import type { SecureOptions } from "../transport/secure-options.js";
import type { TlsGrant } from "../transport/tls.js";
import type { Capability } from "./capabilities.js";
import { CLOSING, enhancedCode, type Reply, ReplyParser, replyClass, replyText } from "./reply.js";

export interface SessionOptions extends DialTarget {
  /** For the greeting and for each reply. */
  command_timeout_ms: number;
}

/** What a session needs of its run's ctx. */
export interface SmtpContext {
  readonly tcp: TcpGrant;
  readonly tls: TlsGrant;
}

/** A reply, and how long it took from the write of its command to the arrival of its last line. */
export interface TimedReply extends Reply {
  duration_ms: number;
}

/** A command that was sent, and the callbacks that wait for its reply. */
interface Waiting {
  readonly phase: Phase;
  readonly operation: Operation;
  resolve(reply: TimedReply): void;
  reject(error: FailureError): void;
}

/** Commands that were sent together, and the result of each. */
class Pipeline {
  readonly outcomes: PromiseSettledResult<TimedReply>[];
  #owed: number;

  constructor(
    size: number,
    readonly done: (outcomes: PromiseSettledResult<TimedReply>[]) => void,
  ) {
    this.outcomes = new Array<PromiseSettledResult<TimedReply>>(size);
    this.#owed = size;
    if (size === 0) done(this.outcomes);
  }

  settle(index: number, outcome: PromiseSettledResult<TimedReply>): void {
    this.outcomes[index] = outcome;
    this.#owed -= 1;
    if (this.#owed === 0) this.done(this.outcomes);
  }
}

/** One of them: a promise of its own, and a closure for each end of it, would cost more than the command. */
class Pipelined implements Waiting {
  constructor(
    readonly phase: Phase,
    readonly operation: Operation,
    readonly pipeline: Pipeline,
    readonly index: number,
  ) {}

  resolve(value: TimedReply): void {
    this.pipeline.settle(this.index, { status: "fulfilled", value });
  }

  reject(reason: FailureError): void {
    this.pipeline.settle(this.index, { status: "rejected", reason });
  }
}

/**
 * One SMTP conversation, made for measuring: every command is an operation whose time runs from the write to the arrival of
 * the reply's last line. Commands may be sent before earlier ones are answered; replies are matched in order.
 * It judges nothing: a reply of any code is a result, and only what ends the conversation is a failure.
 */
export class SmtpSession implements ConnectionReader {
  greeting: TimedReply | null = null;
  /** Of the last EHLO; null before it, and after HELO. */
  capabilities: Capability[] | null = null;
  /** A 421 that came although nothing was asked. */
  farewell: Reply | null = null;
  readonly parser = new ReplyParser();
  readonly connection: Connection;
  readonly context: SmtpContext;
  readonly options: SessionOptions;
  readonly #state: WireRun;
  #waiting: Waiting[] = NONE_WAITING;
  #broken: { reason: Break } | null = null;
  #holding = false;
  /** It has answered 421, and closes the connection (RFC 5321, section 3.8), or has refused us in its greeting, after which many servers do. */
  #mayClose = false;

  /** A connection on which nothing was heard yet. greet() comes next; secure() before it where TLS comes first. */
  static connect(context: SmtpContext, options: SessionOptions, attempts: Attempt[] = []): Promise<SmtpSession> {
    return context.tcp.connect(options, attempts).then((connection) => new SmtpSession(context, connection, options));
  }

  private constructor(context: SmtpContext, connection: Connection, options: SessionOptions) {
    this.context = context;
    this.connection = connection;
    this.options = options;
    this.#state = connection.run;
  }

  /** Puts the connection into TLS. When that fails the session is over. */
  async secure(options: SecureOptions): Promise<TlsFacts> {
    const facts = await this.context.tls.secure(this.connection, options, this.options.command_timeout_ms);
    // What was offered in the clear may have been anyone's (RFC 3207, section 4.2).
    this.capabilities = null;
    this.#holding = false;
    return facts;
  }

  /** Waits for the last line of the greeting. A client never talks first: servers that listen for it refuse it. */
  greet(): Promise<TimedReply> {
    const reply = this.owed("greeting", "greeting");
    this.connection.readBy(this);
    return reply;
  }

  /** Sends one command line and waits for its reply. `shown` replaces a line with a secret in the trace. */
  command(name: string, phase: Phase, line: string, shown = line): Promise<TimedReply> {
    const end = this.#end;
    if (end !== null) return Promise.reject(this.#failure(phase, end));
    if (!isOneLine(line)) return Promise.reject(failureError(phase, "not_permitted", TWO_LINES));
    this.#state.recorder.note("sent", shown);
    const reply = this.#expect(phase, name);
    this.connection.write(`${line}\r\n`);
    return reply;
  }

  /** Sends several commands in one write (RFC 2920). Each gets its own outcome, in their order: a break must not lose the replies before it. */
  pipeline(commands: readonly { name: string; phase: Phase; line: string }[]): Promise<PromiseSettledResult<TimedReply>[]> {
    const end = this.#end;
    if (end !== null) return Promise.allSettled(commands.map(({ phase }) => Promise.reject(this.#failure(phase, end))));
    if (!commands.every(({ line }) => isOneLine(line)))
      return Promise.allSettled(commands.map(({ phase }) => Promise.reject(failureError(phase, "not_permitted", TWO_LINES))));
    return new Promise((resolve) => {
      const { recorder } = this.#state;
      const pipeline = new Pipeline(commands.length, resolve);
      // They leave in one write, at one moment.
      const at = monotonic();
      const waiting = commands.map(({ name, phase }, index) => new Pipelined(phase, recorder.begin(name, at), pipeline, index));
      this.#waiting = this.#waiting.length === 0 ? waiting : [...this.#waiting, ...waiting];
      if (recorder.trace !== null) for (const { line } of commands) recorder.note("sent", line);
      this.connection.waitAtMost(this.options.command_timeout_ms, at);
      this.connection.write(commands.map(({ line }) => `${line}\r\n`).join(""));
    });
  }

  /** STARTTLS was refused: reads on in the clear. */
  resume(): void {
    this.#holding = false;
  }

  /** A reply that is owed for something other than a command line, as for a message's last dot. */
  owed(name: string, phase: Phase): Promise<TimedReply> {
    const end = this.#end;
    return end === null ? this.#expect(phase, name) : Promise.reject(this.#failure(phase, end));
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
    let isAnswer = false;
    while (!this.#holding) {
      const reply = this.parser.next();
      if (reply === null) break;
      isAnswer = this.#deliver(reply, at) || isAnswer;
    }
    // Only an answer earns the next one its time: a server that talks without being asked does not.
    if (isAnswer && this.#waiting.length > 0) this.connection.waitAtMost(this.options.command_timeout_ms);
    else if (isAnswer) this.connection.waitNoMore();
    if (this.parser.malformed !== null) {
      this.connection.close();
      this.broken(this.parser.malformed, at);
    }
  }

  broken(reason: Break, at: number): void {
    if (this.#broken !== null) return;
    this.#broken = { reason };
    this.#state.recorder.note("note", reason.message, at);
    const nowWaiting = this.#waiting;
    this.#waiting = NONE_WAITING;
    for (const waiting of nowWaiting) {
      // A QUIT that crosses the server's close: whether it is sent at all depends on which comes first.
      if (this.#mayClose && waiting.phase === "quit") this.#state.recorder.forget(waiting.operation);
      else this.#state.recorder.end(waiting.operation, null, null, at);
      waiting.reject(this.#failure(waiting.phase, reason));
    }
  }

  /** False for a reply that nothing asked for. */
  #deliver(reply: Reply, at: number): boolean {
    const { recorder } = this.#state;
    if (recorder.trace !== null) recorder.note("received", shownReply(reply), at);
    const waiting = this.#nextWaiting();
    if (waiting === undefined) {
      this.#unasked(reply, at);
      return false;
    }
    recorder.end(waiting.operation, reply.code, replyText(reply), at);
    // What follows the reply to STARTTLS in plain text must not be read as replies.
    this.#holding = waiting.phase === "starttls";
    this.#mayClose ||= reply.code === CLOSING || (this.greeting === null && replyClass(reply) !== 2);
    const timed = { code: reply.code, lines: reply.lines, duration_ms: waiting.operation.duration_ms as number };
    this.greeting ??= timed;
    waiting.resolve(timed);
    return true;
  }

  #nextWaiting(): Waiting | undefined {
    const first = this.#waiting[0];
    if (this.#waiting.length > 1) this.#waiting.shift();
    else this.#waiting = NONE_WAITING;
    return first;
  }

  /** A server may say 421 at any time and close (RFC 5321, section 3.8). Any other reply belongs to no command. */
  #unasked(reply: Reply, at: number): void {
    if (reply.code === CLOSING) {
      this.farewell = reply;
      return;
    }
    this.connection.close();
    this.broken({ code: "protocol_violation", message: `an unexpected reply: ${reply.code} ${replyText(reply)}` }, at);
  }

  #expect(phase: Phase, name: string): Promise<TimedReply> {
    return new Promise((resolve, reject) => this.#wait(phase, name, resolve, reject));
  }

  #wait(phase: Phase, name: string, resolve: Waiting["resolve"], reject: Waiting["reject"]): void {
    const at = monotonic();
    const operation = this.#state.recorder.begin(name, at);
    this.connection.waitAtMost(this.options.command_timeout_ms, at);
    const waiting: Waiting = { phase, operation, resolve, reject };
    // Thousands of sessions may wait for one reply each: an array that grows from nothing would make room for seventeen.
    if (this.#waiting.length === 0) this.#waiting = [waiting];
    else this.#waiting.push(waiting);
  }

  /** Why nothing more can be asked: the conversation broke, or the server has said goodbye. */
  get #end(): Break | null {
    const end = this.#broken?.reason ?? this.connection.broken;
    return end ?? (this.farewell === null ? null : { code: "closed", message: "the server has ended the session" });
  }

  #failure(phase: Phase, reason: Break): FailureError {
    const { farewell } = this;
    if (farewell === null) return failureError(phase, reason.code, reason.message);
    // A server that sent 421 before it closed gave the reason.
    const explained = failure(phase, reason.code, `${reason.message}: ${farewell.code} ${replyText(farewell)}`);
    return failureWith(farewell, explained);
  }
}

/** Shared, and so never written to. */
const NONE_WAITING: Waiting[] = [];

/** Contracts keep such values out. This is the last door before the wire, for what no contract has seen. */
const TWO_LINES = "a command with CR, LF or NUL is never sent";

/** The failure for a reply that refuses the command. */
export function rejected(phase: Phase, reply: Reply): FailureError {
  return failureWith(reply, { ...failure(phase, "reply_rejected", `${reply.code} ${replyText(reply)}`), retryable: replyClass(reply) === 4 });
}

function failureWith(reply: Reply, broke: Failure): FailureError {
  return new FailureError({ ...broke, reply_code: reply.code, enhanced_code: enhancedCode(reply) }, failureReply(reply));
}

export function failureReply(reply: Reply): FailureReply {
  return { code: reply.code, enhancedCode: enhancedCode(reply), lines: reply.lines };
}

/** The SMTP reply behind a failure; null if there is none. */
export function replyOf({ reply }: FailureError): Reply | null {
  return typeof reply?.code === "number" ? { code: reply.code, lines: [...reply.lines] } : null;
}

/** Hands the reply on when its class is the expected one. */
export function expectAccepted(phase: Phase, reply: Reply, expectedClass = 2): Reply {
  if (replyClass(reply) !== expectedClass) throw rejected(phase, reply);
  return reply;
}

function shownReply(reply: Reply): string {
  const last = reply.lines.length - 1;
  return reply.lines.map((line, index) => `${reply.code}${index < last ? "-" : " "}${line}`).join("\n");
}
