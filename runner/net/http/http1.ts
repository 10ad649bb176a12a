import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";
import type { BodyReader } from "./body-reader.js";
import { ChunkedUpload } from "./chunked-upload.js";
import type { Exchange, HttpOptions } from "./exchange.js";
import { type Field, type HttpRequest, type ResponseHead, targetOf } from "./message.js";
import { ResponseParser } from "./response-parser.js";
import { ResponseRecorder } from "./response-recorder.js";

type Http1Options = Pick<HttpOptions, "command_timeout_ms" | "upgraded" | "holdMs" | "upload">;

/** One request and its response over HTTP/1.1 (RFC 9112). */
export class Http1Exchange implements ConnectionReader {
  readonly #connection: Connection;
  readonly #exchange: Exchange;
  readonly #bodyReader: (head: ResponseHead) => BodyReader;
  readonly #options: Http1Options;
  readonly #recorder: ResponseRecorder;
  readonly #parser: ResponseParser;
  #body: BodyReader | null = null;
  #at = 0;
  #isSent = false;
  #settle: { resolve: (rest: string | null) => void; reject: (error: unknown) => void } | null = null;

  constructor(state: WireRun, connection: Connection, exchange: Exchange, bodyReader: (head: ResponseHead) => BodyReader, options: Http1Options) {
    this.#connection = connection;
    this.#exchange = exchange;
    this.#bodyReader = bodyReader;
    this.#options = options;
    this.#recorder = new ResponseRecorder(state.recorder);
    this.#parser = new ResponseParser(exchange.request.method, options.upgraded !== undefined, {
      informational: ({ status }) => void exchange.informational.push(status),
      head: (head) => this.#head(head),
      data: (bytes) => this.#data(bytes),
      end: (trailers) => this.#end(trailers),
      upgraded: (rest) => this.#settle?.resolve(rest),
      anomaly: (kind, detail) => {
        if (!exchange.anomalies.some((each) => each.kind === kind)) exchange.anomalies.push({ kind, detail });
      },
    });
  }

  /** What arrived after a switch of protocols; null for a usual response. */
  run(): Promise<string | null> {
    const { request } = this.#exchange;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#recorder.sending(request);
      this.#connection.readBy(this);
      this.#connection.write(headOf(request, this.#options.upload !== undefined));
      if (request.body !== null) this.#connection.write(request.body);
      this.#wait();
      const sent = (): void => {
        this.#isSent = true;
        this.#recorder.sent(monotonic());
      };
      if (this.#options.upload !== undefined) {
        const upload = this.#uploadTo();
        const whole = (): void => {
          upload.end();
          sent();
        };
        this.#options.upload(upload).then(whole, reject);
        return;
      }
      // Most requests are sent at once, so that the response is not timed from a later turn.
      if (this.#connection.socket.writableNeedDrain) this.#connection.drained().then(sent);
      else sent();
    });
  }

  received(text: string, at: number): void {
    this.#at = at;
    this.#recorder.arrived(at);
    this.#wait();
    this.#try(() => this.#parser.push(text));
  }

  broken(reason: Break, at: number): void {
    this.#at = at;
    if (reason.code === "closed") this.#try(() => this.#parser.close());
    if (!this.#parser.isEnded) this.#fail(failureError(this.#phase(), reason.code, reason.message));
  }

  #head(head: ResponseHead): void {
    this.#exchange.head = head;
    this.#recorder.head(head, this.#at);
    this.#body = this.#bodyReader(head);
  }

  #data(bytes: string): void {
    const body = this.#body as BodyReader;
    if (body.write(bytesOf(bytes))) {
      const holdMs = this.#options.holdMs?.() ?? 0;
      if (holdMs > 0) this.#connection.hold(holdMs);
      return;
    }
    this.#connection.waitNoMore();
    this.#connection.close();
    this.#finish(body);
  }

  #end(trailers: readonly Field[]): void {
    this.#exchange.trailers = trailers;
    this.#connection.waitNoMore();
    this.#finish(this.#body as BodyReader);
  }

  #finish(body: BodyReader): void {
    this.#recorder.done(body.facts.bytes, this.#at);
    body.end().then(
      () => this.#settle?.resolve(null),
      (error) => this.#settle?.reject(error),
    );
  }

  #uploadTo(): ChunkedUpload {
    return new ChunkedUpload(
      this.#connection,
      () => this.#exchange.head !== null,
      () => this.#wait(),
    );
  }

  #try(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.#fail(error);
    }
  }

  #fail(error: FailureError): void {
    this.#connection.waitNoMore();
    this.#body?.keep();
    this.#settle?.reject(error);
  }

  #wait(): void {
    this.#connection.waitAtMost(this.#options.command_timeout_ms);
  }

  #phase(): "request" | "first_byte" | "headers" | "body" {
    if (this.#exchange.head !== null) return "body";
    if (!this.#isSent) return "request";
    return this.#recorder.hasBegun ? "headers" : "first_byte";
  }
}

/** Memory that is new costs more than what is done with it: pieces of all bodies use the same, one after the other. */
const PIECE = Buffer.allocUnsafeSlow(64 * 1024);

/** Valid until the next call. */
function bytesOf(text: string): Buffer {
  return text.length > PIECE.length ? Buffer.from(text, "latin1") : PIECE.subarray(0, PIECE.write(text, "latin1"));
}

/** The request line and the header (RFC 9112, section 3). What came from an input was checked to be one line each. */
function headOf({ method, url, fields, body }: HttpRequest, isChunked: boolean): string {
  const framing: Field[] = isChunked ? [["transfer-encoding", "chunked"]] : body === null ? [] : [["content-length", String(body.length)]];
  const own: Field[] = [["host", url.host], ...framing];
  const given = new Set(fields.map(([name]) => name.toLowerCase()));
  const all = [...own.filter(([name]) => !given.has(name)), ...fields];
  return `${method} ${targetOf(url)} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}
