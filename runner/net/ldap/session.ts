import type { Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import { Asn1Error } from "../../asn1/decode-ber.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { SaslExchange } from "../sasl/exchange.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import {
  bindRequest,
  type Entry,
  encodeMessage,
  extendedRequest,
  extendedValue,
  messageEnd,
  OID,
  OPERATION,
  type Response,
  type Result,
  readEntry,
  readResponse,
  readResult,
  type Search,
  saslBindRequest,
  saslCredentials,
  searchRequest,
  unbindRequest,
} from "./message.js";

/** A message that is longer is not read. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Entries beyond the requested size limit, after which a search fails: a server must not continue for ever. */
const MAX_EXTRA_ENTRIES = 10;
/** Mechanisms in use have three at most. */
const MAX_SASL_STEPS = 8;
const SASL_IN_PROGRESS = 14;

export interface SearchOutcome {
  readonly result: Result;
  readonly entries: readonly Entry[];
  readonly references: number;
  readonly firstEntryMs: number | null;
  readonly durationMs: number;
}

interface Waiting {
  readonly id: number;
  readonly phase: Phase;
  take(response: Response, at: number): void;
  reject(error: FailureError): void;
}

/** An LDAP session (RFC 4511): one operation at a time. A result other than success is a result, and no failure. */
export class LdapSession implements ConnectionReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Nothing is joined before the next message is complete. */
  #needed = 2;
  #nextId = 1;
  #waiting: Waiting | null = null;
  #broken: FailureError | null = null;
  #holds = false;

  constructor(
    readonly connection: Connection,
    readonly timeoutMs: number,
  ) {
    connection.readBy(this);
  }

  bind(dn: string, password: string): Promise<Result> {
    return this.#ask("BIND", "auth", bindRequest(dn, password), OPERATION.bindResponse).then(({ result }) => result);
  }

  /**
   * A login by a mechanism of SASL (RFC 4513, section 5.2), until the server accepts or refuses. A server that accepts without the proof that
   * the mechanism demands is not believed.
   */
  async saslBind(mechanism: string, exchange: SaslExchange): Promise<Result> {
    const { secrets } = this.connection.run;
    let response = exchange.initial;
    for (let step = 0; step < MAX_SASL_STEPS; step++) {
      // A hostile server may send back what it was sent.
      for (const secret of [response?.secret === true ? response.text : "", response?.proof ?? ""]) if (secret !== "") secrets.keepWhole(secret);
      const { result, rest } = await this.#ask("BIND", "auth", saslBindRequest(mechanism, response?.text ?? ""), OPERATION.bindResponse);
      const challenge = saslCredentials(rest);
      if (result.code !== SASL_IN_PROGRESS && result.code !== 0) return result;
      if (challenge !== null) response = await exchange.respond(challenge);
      if (result.code === SASL_IN_PROGRESS) continue;
      const doubt = exchange.doubt();
      if (doubt !== null) throw failureError("auth", "protocol_violation", doubt);
      return result;
    }
    throw failureError("auth", "limit_exceeded", `more than ${MAX_SASL_STEPS} steps of ${mechanism}`);
  }

  /** After a success TLS must begin at once. Plain text that follows the answer is refused. */
  async startTls(): Promise<Result> {
    this.#holds = true;
    const { result } = await this.#ask("StartTLS", "starttls", extendedRequest(OID.startTls), OPERATION.extendedResponse);
    if (this.#bytes > 0 || this.connection.unreadBytes > 0)
      throw failureError(
        "starttls",
        "protocol_violation",
        "the server sent plain text after its answer to StartTLS: a response injection, or a server that is open to one",
      );
    this.#holds = false;
    return result;
  }

  async whoAmI(): Promise<{ result: Result; identity: string | null }> {
    const { result, rest } = await this.#ask("WHOAMI", "command", extendedRequest(OID.whoAmI), OPERATION.extendedResponse);
    return { result, identity: result.code === 0 ? (extendedValue(rest) ?? "") : null };
  }

  search(name: string, search: Search): Promise<SearchOutcome> {
    const entries: Entry[] = [];
    let references = 0;
    let firstEntryMs: number | null = null;
    let sentAt = 0;
    return new Promise((resolve, reject) => {
      const operation = this.#send(name, "command", searchRequest(search), reject, ({ operation: found }, at) => {
        if (found.tag === OPERATION.searchEntry) {
          firstEntryMs ??= at - sentAt;
          entries.push(readEntry(found));
          if (entries.length > search.sizeLimit + MAX_EXTRA_ENTRIES)
            throw failureError("command", "limit_exceeded", `more than the ${search.sizeLimit} entries that were asked for`);
        } else if (found.tag === OPERATION.searchReference) references += 1;
        else if (found.tag === OPERATION.searchDone) {
          const { result } = readResult(found);
          this.#finish(operation, result, at);
          resolve({ result, entries, references, firstEntryMs, durationMs: operation.duration_ms ?? 0 });
        } else throw unexpected(found.tag);
      });
      sentAt = this.connection.run.recorder.began + operation.at_ms;
    });
  }

  close(): void {
    if (this.#broken === null) this.connection.write(encodeMessage(this.#nextId++, unbindRequest()));
    this.connection.waitNoMore();
    this.connection.close();
  }

  #ask(name: string, phase: Phase, request: Buffer, expected: number): Promise<ReturnType<typeof readResult>> {
    return new Promise((resolve, reject) => {
      const operation = this.#send(name, phase, request, reject, ({ operation: found }, at) => {
        if (found.tag !== expected) throw unexpected(found.tag);
        const answer = readResult(found);
        this.#finish(operation, answer.result, at);
        resolve(answer);
      });
    });
  }

  #send(name: string, phase: Phase, request: Buffer, reject: (error: FailureError) => void, take: Waiting["take"]): Operation {
    const operation = this.connection.run.recorder.begin(name);
    if (this.#broken !== null) {
      reject(this.#broken);
      return operation;
    }
    const id = this.#nextId++;
    this.#waiting = { id, phase, take, reject };
    this.connection.write(encodeMessage(id, request));
    this.connection.waitAtMost(this.timeoutMs);
    return operation;
  }

  #finish(operation: Operation, { code, name }: Result, at: number): void {
    this.#waiting = null;
    this.connection.waitNoMore();
    this.connection.run.recorder.end(operation, code, name, at);
  }

  received(text: string, at: number): void {
    this.#chunks.push(Buffer.from(text, "latin1"));
    this.#bytes += text.length;
    if (this.#bytes < this.#needed) return;
    try {
      this.#read(Buffer.concat(this.#chunks), at);
    } catch (error) {
      this.#fail(this.#failureOf(error));
    }
  }

  #read(pending: Buffer, at: number): void {
    let offset = 0;
    this.#needed = 2;
    while (this.#broken === null && !(this.#holds && this.#waiting === null)) {
      const end = messageEnd(pending, offset);
      if (end !== null && end - offset > MAX_MESSAGE_BYTES)
        throw failureError(this.#phase, "limit_exceeded", `a message of ${end - offset} bytes: the limit is ${MAX_MESSAGE_BYTES}`);
      this.#needed = end === null ? pending.length - offset + 1 : end - offset;
      if (end === null || end > pending.length) break;
      this.#take(readResponse(pending.subarray(offset, end)), at);
      offset = end;
    }
    this.#chunks = [pending.subarray(offset)];
    this.#bytes = pending.length - offset;
  }

  #take(response: Response, at: number): void {
    const waiting = this.#waiting;
    // Section 4.4.1: a server may say that it ends the session.
    if (response.id === 0 && response.operation.tag === OPERATION.extendedResponse) {
      const { name, diagnostic } = readResult(response.operation).result;
      throw failureError(this.#phase, "closed", `the server ends the session: ${name}${diagnostic === "" ? "" : `, ${diagnostic}`}`);
    }
    if (waiting === null || response.id !== waiting.id)
      throw failureError(this.#phase, "protocol_violation", `an answer to message ${response.id}, which was not asked`);
    this.connection.waitAtMost(this.timeoutMs);
    waiting.take(response, at);
  }

  broken({ code, message }: Break): void {
    this.#fail(failureError(this.#phase, code, message));
  }

  get #phase(): Phase {
    return this.#waiting?.phase ?? "command";
  }

  #failureOf(error: unknown): FailureError {
    if (error instanceof FailureError) return error;
    if (error instanceof Asn1Error) return failureError(this.#phase, "protocol_violation", `the answer is not LDAP: ${error.message}`);
    throw error;
  }

  #fail(error: FailureError): void {
    this.#broken ??= error;
    this.connection.waitNoMore();
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}

function unexpected(tag: number): FailureError {
  return failureError("command", "protocol_violation", `an answer of the kind 0x${tag.toString(16)}, which was not asked for`);
}
