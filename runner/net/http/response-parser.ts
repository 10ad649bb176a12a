import type { HttpAnomalyKind } from "../../../schemas/http.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import { decodeLine } from "../transport/line-text.js";
import { framingOf } from "./body-framing.js";
import { HTTP_LIMITS } from "./limits.js";
import type { Field, ResponseHead } from "./message.js";

export interface ParserEvents {
  /** A 1xx response; the final one follows. */
  informational(head: ResponseHead): void;
  head(head: ResponseHead): void;
  /** Bytes of the body, one a character, as they were framed: chunks are taken apart. */
  data(bytes: string): void;
  end(trailers: readonly Field[]): void;
  /** The protocol was switched (101): what follows is not HTTP. */
  upgraded(rest: string): void;
  anomaly(kind: HttpAnomalyKind, detail: string): void;
}

type State = "status_line" | "header_line" | "sized" | "chunk_line" | "chunk_data" | "chunk_end" | "trailer_line" | "until_close" | "ended";

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: (.*))?$/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;.*)?$/;

/** Reads one response to a request (RFC 9112), however its bytes are cut. Throws a FailureError if they are no such response. */
export class ResponseParser {
  #state: State = "status_line";
  /** What has arrived of a line, or nothing. */
  #pending = "";
  #searchedTo = 0;
  #headBytes = 0;
  #statusLine: RegExpExecArray | null = null;
  #fields: [string, string][] = [];
  #informational = 0;
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = 0;

  constructor(
    readonly method: string,
    readonly expectsUpgrade: boolean,
    readonly events: ParserEvents,
  ) {}

  get isEnded(): boolean {
    return this.#state === "ended";
  }

  push(text: string): void {
    this.#pending += text;
    while (this.#pending !== "" && this.#step());
  }

  /** The peer closed the connection: the end of a body that has no other end, or a response that is cut off. */
  close(): void {
    if (this.#state === "ended") return;
    if (this.#state !== "until_close") throw this.#cutOff();
    this.#end([]);
  }

  #cutOff(): FailureError {
    return failureError(
      this.#phase(),
      "closed",
      this.#isEmpty() ? "the peer closed the connection without a response" : "the peer closed the connection in the middle of its response",
    );
  }

  /** False if more has to arrive first. */
  #step(): boolean {
    switch (this.#state) {
      case "sized":
      case "chunk_data":
      case "until_close":
        return this.#data();
      case "ended":
        this.events.anomaly("data_after_response", `${this.#pending.length} bytes after the end of the response`);
        this.#pending = "";
        return false;
      default: {
        const line = this.#line();
        if (line === null) return false;
        this.#readLine(line);
        return true;
      }
    }
  }

  #readLine(line: string): void {
    if (this.#state === "status_line") this.#readStatusLine(line);
    else if (this.#state === "chunk_line") this.#readChunkLine(line);
    else if (this.#state === "chunk_end") this.#readChunkEnd(line);
    else if (line !== "") this.#readField(line);
    else if (this.#state === "header_line") this.#readHead();
    else this.#end(this.#fields);
  }

  #line(): string | null {
    const isChunk = this.#state === "chunk_line" || this.#state === "chunk_end";
    const end = this.#pending.indexOf("\n", this.#searchedTo);
    const bytes = end === -1 ? this.#pending.length : end + 1;
    if (this.#state === "status_line" && end === -1) this.#refuseWhatIsNotHttp();
    if (isChunk ? bytes > HTTP_LIMITS.chunk_line_bytes : this.#headBytes + bytes > HTTP_LIMITS.head_bytes)
      throw failureError(this.#phase(), "limit_exceeded", isChunk ? "a chunk's size line is too long" : `more than ${HTTP_LIMITS.head_bytes} bytes of header`);
    this.#searchedTo = this.#pending.length;
    if (end === -1) return null;
    this.#searchedTo = 0;
    if (!isChunk) this.#headBytes += bytes;
    const line = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end + 1);
    if (line.endsWith("\r")) return line.slice(0, -1);
    this.events.anomaly("bare_line_feed", "a line ended with LF instead of CRLF");
    return line;
  }

  /** Other protocols may send no line end for a long time. */
  #refuseWhatIsNotHttp(): void {
    const begin = this.#pending.slice(0, 5);
    if (begin === "HTTP/".slice(0, begin.length)) return;
    throw notHttp(this.#pending);
  }

  #readStatusLine(line: string): void {
    const parts = STATUS_LINE.exec(line);
    if (parts === null || CONTROL.test(line)) throw notHttp(line);
    this.#statusLine = parts;
    this.#fields = [];
    this.#state = "header_line";
  }

  #readField(line: string): void {
    if (CONTROL.test(line)) throw failureError(this.#phase(), "protocol_violation", `a header field has a control character: ${excerpt(line)}`);
    if (/^[ \t]/.test(line)) this.#fold(line);
    else this.#addField(line);
  }

  #addField(line: string): void {
    const colon = line.indexOf(":");
    const written = line.slice(0, Math.max(0, colon));
    const name = written.trimEnd();
    if (!FIELD_NAME.test(name)) throw failureError(this.#phase(), "protocol_violation", `this is no header field: ${excerpt(line)}`);
    if (name !== written) this.events.anomaly("space_before_colon", name);
    if (this.#fields.length >= HTTP_LIMITS.fields) throw failureError(this.#phase(), "limit_exceeded", `more than ${HTTP_LIMITS.fields} header fields`);
    this.#fields.push([name.toLowerCase(), this.#value(line.slice(colon + 1))]);
  }

  /** RFC 9112, section 5.2: a line that begins with a blank continues the field before it. */
  #fold(line: string): void {
    const field = this.#fields.at(-1);
    if (field === undefined) throw failureError(this.#phase(), "protocol_violation", `the header begins with a blank: ${excerpt(line)}`);
    field[1] = `${field[1]} ${this.#value(line)}`.trim();
    this.events.anomaly("folded_field", field[0]);
  }

  #value(written: string): string {
    return decodeLine(written, { note: () => this.events.anomaly("not_utf8", "a header field is not UTF-8; it was read as latin-1") }).replace(
      /^[ \t]+|[ \t]+$/g,
      "",
    );
  }

  #readHead(): void {
    const [, minor, status, reason = ""] = this.#statusLine as unknown as [string, string, string, string?];
    const head: ResponseHead = { version: minor === "1" ? "1.1" : "1.0", status: Number(status), reason, fields: this.#fields };
    if (head.status === 101) this.#upgrade(head);
    else if (head.status < 200) this.#readOn(head);
    else this.#readBody(head);
  }

  #readBody(head: ResponseHead): void {
    const framing = framingOf(this.method, head, this.events);
    this.events.head(head);
    this.#fields = [];
    this.#headBytes = 0;
    this.#left = framing.kind === "sized" ? framing.bytes : 0;
    if (framing.kind === "none" || (framing.kind === "sized" && framing.bytes === 0)) this.#end([]);
    else this.#state = framing.kind === "chunked" ? "chunk_line" : framing.kind;
  }

  #readOn(head: ResponseHead): void {
    this.#informational += 1;
    if (this.#informational > HTTP_LIMITS.informational)
      throw failureError("headers", "limit_exceeded", `more than ${HTTP_LIMITS.informational} informational responses (1xx)`);
    this.events.informational(head);
    this.#state = "status_line";
    this.#headBytes = 0;
  }

  #upgrade(head: ResponseHead): void {
    if (!this.expectsUpgrade) throw failureError("headers", "protocol_violation", "the server switched protocols (101), which was not asked for");
    this.events.head(head);
    const rest = this.#pending;
    this.#pending = "";
    this.#state = "ended";
    this.events.upgraded(rest);
  }

  #readChunkLine(line: string): void {
    const [, size] = CHUNK_SIZE.exec(line) ?? [];
    if (size === undefined) throw failureError("body", "protocol_violation", `this is no chunk size: ${excerpt(line)}`);
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailer_line" : "chunk_data";
  }

  #readChunkEnd(line: string): void {
    if (line !== "") throw failureError("body", "protocol_violation", `a chunk is longer than its size says: ${excerpt(line)}`);
    this.#state = "chunk_line";
  }

  #data(): boolean {
    const bytes = this.#state === "until_close" ? this.#pending : this.#pending.slice(0, this.#left);
    this.#pending = this.#pending.slice(bytes.length);
    this.#left -= bytes.length;
    this.events.data(bytes);
    if (this.#state === "until_close" || this.#left > 0) return false;
    if (this.#state === "chunk_data") this.#state = "chunk_end";
    else this.#end([]);
    return true;
  }

  #end(trailers: readonly Field[]): void {
    this.#state = "ended";
    this.events.end(trailers);
  }

  #isEmpty(): boolean {
    return this.#state === "status_line" && this.#pending === "" && this.#informational === 0;
  }

  #phase(): "first_byte" | "headers" | "body" {
    if (this.#isEmpty()) return "first_byte";
    return this.#state === "status_line" || this.#state === "header_line" ? "headers" : "body";
  }
}

function notHttp(text: string): FailureError {
  const [type, major] = [text.charCodeAt(0), text.charCodeAt(1)];
  if ((type === TLS_ALERT || type === TLS_HANDSHAKE) && major === 3) return failureError("headers", "protocol_violation", "the peer speaks TLS: use https:");
  return failureError("headers", "protocol_violation", `the response does not begin with an HTTP/1 status line: ${excerpt(text)}`);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
