import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { monotonic } from "../../run/clock.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { startTimeout } from "../../run/timeout.js";
import { codeOf, wordsOf } from "../transport/classify-error.js";
import type { Connection } from "../transport/connection.js";
import type { BodyReader } from "./body-reader.js";
import type { Exchange } from "./exchange.js";
import { HTTP_LIMITS } from "./limits.js";
import { type Field, type HttpRequest, type ResponseHead, targetOf } from "./message.js";
import { ResponseRecorder } from "./response-recorder.js";

/** Fields of a connection, which HTTP/2 does not have (RFC 9113, section 8.2.2). */
const OF_A_CONNECTION = new Set(["host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** A session on a TLS connection that chose HTTP/2 (RFC 9113). Its owner destroys it. */
export function openSession(connection: Connection, { origin }: URL): ClientHttp2Session {
  const session = connect(origin, {
    createConnection: () => connection.socket,
    settings: { enablePush: false, maxHeaderListSize: HTTP_LIMITS.head_bytes, initialWindowSize: HTTP_LIMITS.window_bytes },
    maxHeaderListPairs: HTTP_LIMITS.fields,
    maxSessionMemory: 8,
  });
  session.on("connect", () => session.setLocalWindowSize(HTTP_LIMITS.window_bytes));
  // An exchange hears of it as well, but there may be none when it breaks.
  session.on("error", () => undefined);
  return session;
}

/** One request and its response on a session. */
export async function exchangeOnSession(
  state: WireRun,
  session: ClientHttp2Session,
  exchange: Exchange,
  bodyReader: (head: ResponseHead) => BodyReader,
  timeoutMs: number,
): Promise<void> {
  await new Http2Exchange(state, session, exchange, bodyReader, timeoutMs).run();
}

class Http2Exchange {
  readonly #recorder: ResponseRecorder;
  #head: ResponseHead | null = null;
  #body: BodyReader | null = null;
  #stream: ClientHttp2Stream | null = null;
  #isSent = false;
  #stopWaiting: () => void = () => undefined;
  #fail: (error: FailureError) => void = () => undefined;

  constructor(
    readonly state: WireRun,
    readonly session: ClientHttp2Session,
    readonly exchange: Exchange,
    readonly bodyReader: (head: ResponseHead) => BodyReader,
    readonly timeoutMs: number,
  ) {
    this.#recorder = new ResponseRecorder(state.recorder);
  }

  async run(): Promise<void> {
    const forget = this.state.deadline.onEnd((reason) => this.#fail(failureError(this.#phase(), reason, ENDED[reason])));
    const broke = (error: NodeJS.ErrnoException): void => this.#fail(this.#failure(error));
    const closed = (): void => this.#fail(failureError(this.#phase(), "closed", "the peer closed the connection"));
    const goaway = (code: number): void => {
      if (code !== constants.NGHTTP2_NO_ERROR)
        this.#fail(failureError(this.#phase(), "protocol_violation", `the server ended the session (GOAWAY, error code ${code})`));
    };
    this.session.on("error", broke).on("close", closed).on("goaway", goaway);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject;
        this.#request(resolve, reject);
      });
      await this.#body?.end();
    } catch (error) {
      this.#body?.keep();
      // A session that has just been closed takes no request.
      if (/^ERR_HTTP2_/.test((error as NodeJS.ErrnoException).code ?? "")) throw failureError(this.#phase(), "closed", "the peer closed the connection");
      throw error;
    } finally {
      this.#stopWaiting();
      forget();
      this.session.off("error", broke).off("close", closed).off("goaway", goaway);
      if (this.#stream?.closed === false) this.#stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  #request(resolve: () => void, reject: (error: FailureError) => void): void {
    const { request, informational } = this.exchange;
    this.#recorder.sending(request);
    const stream = this.session.request(headersOf(request), { endStream: request.body === null });
    this.#stream = stream;
    this.#wait();
    if (request.body === null) queueMicrotask(() => this.#sent());
    else stream.end(request.body, () => this.#sent());
    stream.on("headers", (headers: IncomingHttpHeaders & { ":status"?: number }) => {
      informational.push(Number(headers[":status"]));
      if (informational.length > HTTP_LIMITS.informational)
        reject(failureError("headers", "limit_exceeded", `more than ${HTTP_LIMITS.informational} informational responses (1xx)`));
    });
    // The last argument holds the fields as they came: the first one joins those that are repeated.
    stream.on("response", (headers, _flags, ...rest: unknown[]) => this.#response(Number(headers[":status"]), rest[0] as string[]));
    stream.on("trailers", (headers) => {
      this.exchange.trailers = Object.entries(headers).map(([name, value]): Field => [name, String(value)]);
    });
    stream.on("data", (bytes: Buffer) => {
      this.#wait();
      if (this.#body?.write(bytes) === false) finish();
    });
    const finish = (): void => {
      this.#recorder.done(this.#body?.facts.bytes ?? 0, monotonic());
      resolve();
    };
    stream.on("end", () => (this.#head === null ? undefined : finish()));
    stream.on("error", (error: NodeJS.ErrnoException) => reject(this.#failure(error)));
    stream.on("close", () => {
      const { rstCode } = stream;
      reject(
        failureError(
          this.#phase(),
          "reset",
          rstCode === 0 ? "the server ended the stream without a response" : `the server reset the stream (error code ${rstCode})`,
        ),
      );
    });
  }

  #sent(): void {
    this.#isSent = true;
    this.#recorder.sent(monotonic());
  }

  #response(status: number, raw: readonly string[]): void {
    const at = monotonic();
    this.#wait();
    const fields: Field[] = [];
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index] as string;
      if (!name.startsWith(":")) fields.push([name, Buffer.from(raw[index + 1] as string, "latin1").toString("utf8")]);
    }
    this.#head = { version: "2", status, reason: "", fields };
    this.exchange.head = this.#head;
    this.#recorder.arrived(at);
    this.#recorder.head(this.#head, at);
    this.#body = this.bodyReader(this.#head);
  }

  #wait(): void {
    this.#stopWaiting();
    this.#stopWaiting = startTimeout(this.timeoutMs, () => this.#fail(failureError(this.#phase(), "timeout", `no answer within ${this.timeoutMs} ms`)));
  }

  #failure(error: NodeJS.ErrnoException): FailureError {
    const known = codeOf(error);
    if (known !== "unknown") return failureError(this.#phase(), known, wordsOf(error));
    return failureError(this.#phase(), error.code === "ERR_HTTP2_STREAM_ERROR" ? "reset" : "protocol_violation", `HTTP/2: ${error.message}`);
  }

  #phase(): "request" | "first_byte" | "body" {
    if (this.#head !== null) return "body";
    return this.#isSent ? "first_byte" : "request";
  }
}

function headersOf({ method, url, fields, body }: HttpRequest): Record<string, string | string[]> {
  const host = fields.find(([name]) => name.toLowerCase() === "host")?.[1];
  const headers: Record<string, string | string[]> = { ":method": method, ":scheme": "https", ":authority": host ?? url.host, ":path": targetOf(url) };
  if (body !== null) headers["content-length"] = String(body.length);
  for (const [written, value] of fields) {
    const name = written.toLowerCase();
    if (!OF_A_CONNECTION.has(name)) headers[name] = value;
  }
  return headers;
}
