import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import type { Attempt } from "../../../schemas/network.js";
import { isOneLine } from "../../../schemas/text.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import type { DialTarget, TcpGrant } from "../transport/dial.js";
import type { SecureOptions } from "../transport/secure-options.js";
import type { TlsGrant } from "../transport/tls.js";
import { type Dialect, type Piece, type Portion, portionsOf } from "./command-line.js";
import type { Frame } from "./framer.js";
import { type CommandReply, InFlight } from "./in-flight.js";
import { textOf } from "./parse-data.js";
import { failureReply } from "./reply.js";
import { type Response, ResponseParser, type Status, statusLine, type Tagged, type Untagged } from "./response.js";
import { shownFrame, shownResponse } from "./trace-text.js";

export interface SessionOptions extends DialTarget {
  /** For the greeting and for each command, up to its tagged line. */
  command_timeout_ms: number;
}

/** What a session needs of its run's ctx. */
export interface ImapContext {
  readonly tcp: TcpGrant;
  readonly tls: TlsGrant;
}

/** The first thing a server says (RFC 3501, section 7.1). */
export interface Greeting {
  readonly status: Status["status"];
  readonly code: Status["code"];
  readonly text: string;
  readonly duration_ms: number;
}

export interface CommandOptions {
  /** Nothing after the tagged line is read before it is known to be safe (STARTTLS). */
  holds?: boolean;
}

/** The protocol's name in TLS (the registry of RFC 7301). */
const ALPN = ["imap"] as const;

/**
 * One IMAP conversation, made for measuring: every command is one operation, whose time runs from its write to the arrival of its
 * tagged line; its code is null and its message what the server said, as `OK [READ-WRITE] done`. One command is under way at a time.
 * It judges nothing: NO and BAD are results, and only what ends the conversation is a failure.
 *
 * The commands stand in files of their own, by what they are about:
 * - commands.ts: capability, starttls, noop, logout; reply.ts: accepted, rejected
 * - login.ts: logIn (LOGIN, AUTHENTICATE)
 * - mailbox.ts: listMailboxes, select, examine, enableUtf8
 * - search.ts: search; fetch.ts: fetchMessages; remove.ts: storeFlags, deleteMessages; idle.ts: idle
 */
export class ImapSession implements ConnectionReader {
  greeting: Greeting | null = null;
  /** In upper case, as the server sent them last: in the greeting, by CAPABILITY or after a login. Null before that. */
  capabilities: readonly string[] | null = null;
  /** A BYE without a LOGOUT, also one instead of a greeting. */
  farewell: Status | null = null;
  /** When the last response was whole, on the harness's monotonic clock. */
  heardAt = 0;
  /** Receives every response of the server, whichever command it belongs to, if any, and when it came. */
  onUntagged: ((untagged: Untagged, at: number) => void) | null = null;
  /** UTF8=ACCEPT is enabled. */
  utf8 = false;
  readonly parser = new ResponseParser();
  readonly connection: Connection;
  readonly context: ImapContext;
  readonly options: SessionOptions;
  readonly #state: WireRun;
  #current: InFlight | null = null;
  #broken: Break | null = null;
  #holding = false;
  #commands = 0;

  /** A connection on which nothing was heard yet. greet() comes next; secure() before it where TLS comes first. */
  static async connect(context: ImapContext, options: SessionOptions, attempts: Attempt[] = []): Promise<ImapSession> {
    return new ImapSession(context, await context.tcp.connect(options, attempts), options);
  }

  private constructor(context: ImapContext, connection: Connection, options: SessionOptions) {
    this.context = context;
    this.connection = connection;
    this.options = options;
    this.#state = connection.run;
  }

  /** Puts the connection into TLS. When that fails the session is over. */
  async secure(options: SecureOptions): Promise<TlsFacts> {
    const facts = await this.context.tls.secure(this.connection, { ...options, alpn: ALPN }, this.options.command_timeout_ms);
    // What was offered in the clear may have been anyone's (RFC 3501, section 6.2.1).
    this.capabilities = null;
    this.#holding = false;
    return facts;
  }

  /** Waits for the greeting, whichever it is. */
  async greet(): Promise<Greeting> {
    const current = this.#begin("greeting", "greeting", "*", false);
    this.connection.waitAtMost(this.options.command_timeout_ms);
    this.connection.readBy(this);
    await current.next();
    return this.greeting as Greeting;
  }

  /** Sends one command and waits for its tagged line. Whatever it holds that is not ours is an astring or a literal. */
  async command(name: string, phase: Phase, line: readonly Piece[], options: CommandOptions = {}): Promise<CommandReply> {
    const { current, portions } = this.start(name, phase, line, options);
    for (let sent = 1; ; sent++) {
      const step = await current.next();
      if (step.kind === "end") return step.reply;
      const portion = portions[sent];
      if (portion === undefined) throw this.violated(phase, "the server waits for more of a command that was whole");
      this.#send(portion);
    }
  }

  /** Begins a command that is more than one line, as AUTHENTICATE and IDLE are. Its first portion is sent; its steps are the caller's to take. */
  start(name: string, phase: Phase, line: readonly Piece[], { holds = false }: CommandOptions = {}): { current: InFlight; portions: Portion[] } {
    const end = this.#end;
    if (end !== null) throw this.#failure(phase, end);
    if (this.#current !== null) throw new Error(`${name} was called while ${this.#current.operation.name} is under way`);
    const tag = `a${this.#commands + 1}`;
    const portions = portionsOf([`${tag} `, ...line], this.dialect);
    this.#commands += 1;
    const current = this.#begin(name, phase, tag, holds);
    this.#send(portions[0] as Portion);
    return { current, portions };
  }

  /** Sends the next line of the command that is under way. Its secrets are known to the run, and masked. */
  write(line: string): void {
    if (!isOneLine(line)) throw failureError("command", "not_permitted", "a line with CR, LF or NUL is never sent");
    this.#send({ bytes: Buffer.from(`${line}\r\n`), shown: line });
  }

  get dialect(): Dialect {
    const freeLiterals = this.has("LITERAL+") ? "all" : this.has("LITERAL-") || this.has("IMAP4REV2") ? "short" : "none";
    // A server of IMAP4rev2 alone knows no other names than UTF-8 (RFC 9051, section 5.1).
    return { freeLiterals, utf8: this.utf8 || (this.has("IMAP4REV2") && !this.has("IMAP4REV1")) };
  }

  has(capability: string): boolean {
    return this.capabilities?.includes(capability) ?? false;
  }

  /** STARTTLS was refused: reads on in the clear. */
  resume(): void {
    this.#holding = false;
  }

  close(): void {
    this.connection.close();
  }

  /** Ends the conversation for what the server did against the protocol; gives the failure to throw. */
  violated(phase: Phase, message: string): FailureError {
    this.connection.close();
    this.broken({ code: "protocol_violation", message }, monotonic());
    return failureError(phase, "protocol_violation", message);
  }

  /** What has arrived and was not asked for: after STARTTLS, plain text that pretends to have come through TLS. */
  get hasUnreadText(): boolean {
    return this.connection.unreadBytes > 0 || !this.parser.isEmpty;
  }

  received(text: string, at: number): void {
    this.parser.push(text);
    while (!this.#holding && this.#broken === null) {
      const response = this.parser.response();
      if (response === null) break;
      this.heardAt = at;
      this.#trace(at);
      this.#take(response, at);
    }
    if (this.parser.malformed !== null) this.#breakOff(this.parser.malformed, at);
  }

  broken(reason: Break, at: number): void {
    if (this.#broken !== null) return;
    this.#broken = reason;
    this.#state.recorder.note("note", reason.message, at);
    const current = this.#current;
    this.#current = null;
    if (current === null) return;
    this.#state.recorder.end(current.operation, null, null, at);
    current.broke(this.#failure(current.phase, reason));
  }

  #send({ bytes, shown }: Portion): void {
    const { recorder, secrets } = this.#state;
    recorder.note("sent", secrets.mask(shown));
    this.connection.waitAtMost(this.options.command_timeout_ms);
    this.connection.write(bytes);
  }

  #begin(name: string, phase: Phase, tag: string, holds: boolean): InFlight {
    const end = this.#end;
    if (end !== null) throw this.#failure(phase, end);
    const current = new InFlight(tag, phase, this.#state.recorder.begin(name), holds);
    this.#current = current;
    return current;
  }

  #take(response: Response, at: number): void {
    if (this.greeting === null) this.#greeted(response, at);
    else if (response.kind === "tagged") this.#tagged(response, at);
    else if (response.kind === "continuation") this.#continued(response.text, at);
    else this.#untagged(response, at);
  }

  #greeted(response: Response, at: number): void {
    const isGreeting = response.kind === "status" && (response.status === "OK" || response.status === "PREAUTH" || response.status === "BYE");
    if (!isGreeting) {
      this.#violation(`the server greets with ${shownResponse(response)}`, at);
      return;
    }
    if (response.status === "BYE") this.farewell = response;
    this.#learn(response);
    const current = this.#ended(statusLine(response), at);
    const { status, code, text } = response;
    const duration = current?.operation.duration_ms ?? 0;
    this.greeting = { status, code, text, duration_ms: duration };
    current?.happened({ kind: "end", reply: { status: status === "BYE" ? "NO" : "OK", code, text, untagged: [], duration_ms: duration } });
  }

  #tagged(response: Tagged, at: number): void {
    const current = this.#current;
    if (current === null || current.tag !== response.tag) {
      const due = current === null ? "nothing was asked" : `${current.tag} is due`;
      this.#violation(`a reply to ${response.tag}, while ${due}: ${statusLine(response)}`, at);
      return;
    }
    this.#learn(response);
    this.#ended(statusLine(response), at);
    this.#holding = current.holds;
    const { status, code, text } = response;
    current.happened({ kind: "end", reply: { status, code, text, untagged: current.untagged, duration_ms: current.operation.duration_ms ?? 0 } });
  }

  #continued(text: string, at: number): void {
    const current = this.#current;
    if (current === null) {
      this.#violation("the server sent a continuation request although no command is pending", at);
      return;
    }
    this.connection.waitNoMore();
    current.happened({ kind: "continue", text });
  }

  /** A server may send such responses at any time (RFC 3501, section 5.2): those of a command are the ones until it ends. */
  #untagged(response: Untagged, at: number): void {
    this.#learn(response);
    this.onUntagged?.(response, at);
    if (response.kind === "status" && response.status === "BYE" && !this.connection.isLeaving) this.farewell = response;
    const current = this.#current;
    if (current === null) return;
    const over = current.add(response, this.parser.frame as Frame);
    if (over !== null) this.#breakOff({ code: "limit_exceeded", message: over }, at);
    else if (current.wantsData) current.happened({ kind: "data" });
  }

  #learn(response: Tagged | Untagged): void {
    if (response.kind === "data") {
      if (response.name === "CAPABILITY") this.capabilities = capabilitiesOf(response.values.map((value) => textOf(value) ?? ""));
    } else if (response.code?.name === "CAPABILITY") this.capabilities = capabilitiesOf(response.code.argument.split(" "));
  }

  #ended(message: string, at: number): InFlight | null {
    const current = this.#current;
    this.#current = null;
    this.connection.waitNoMore();
    if (current !== null) this.#state.recorder.end(current.operation, null, message, at);
    return current;
  }

  #violation(message: string, at: number): void {
    this.#breakOff({ code: "protocol_violation", message }, at);
  }

  #breakOff(reason: Break, at: number): void {
    this.connection.close();
    this.broken(reason, at);
  }

  #trace(at: number): void {
    const { recorder } = this.#state;
    if (recorder.trace !== null) recorder.note("received", shownFrame(this.parser.frame as Frame), at);
  }

  /** Why nothing more can be asked: the conversation broke, or the server has said goodbye. */
  get #end(): Break | null {
    const end = this.#broken ?? this.connection.broken;
    return end ?? (this.farewell === null ? null : { code: "closed", message: "the server has ended the session" });
  }

  #failure(phase: Phase, reason: Break): FailureError {
    const { farewell } = this;
    // A server that said goodbye before it closed gave the reason.
    const message = farewell === null ? reason.message : `${reason.message}: ${statusLine(farewell)}`;
    return new FailureError(failure(phase, reason.code, message), farewell === null ? null : failureReply(farewell));
  }
}

function capabilitiesOf(names: readonly string[]): string[] {
  return [...new Set(names.filter((name) => name !== "").map((name) => name.toUpperCase()))];
}
