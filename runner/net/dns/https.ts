import type { ClientHttp2Session } from "node:http2";
import { type Failure, failure } from "../../../schemas/failure.js";
import { USUAL_HTTPS_PATH } from "../../../schemas/name-server.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { FailureError } from "../../run/failure-error.js";
import { Recorder } from "../../run/recorder.js";
import type { WireRun } from "../../run/run-state.js";
import { type Exchange, type HttpContext, type HttpOptions, newExchange } from "../http/exchange.js";
import { Http1Exchange } from "../http/http1.js";
import { type Field, fieldValue, type HttpRequest } from "../http/message.js";
import { connect, readerFor, send } from "../http/send.js";
import type { Connection } from "../transport/connection.js";
import { tcpGrant } from "../transport/dial.js";
import { tlsGrant } from "../transport/tls.js";
import type { Channel, EncryptedOptions, Replied } from "./encrypted-channel.js";
import type { ServerAddress } from "./server-address.js";
import type { ReadReply } from "./udp.js";

const MEDIA_TYPE = "application/dns-message";
/** RFC 8484, section 6. */
const BODY = { most_bytes: 65_535, kept_bytes: 65_535 };
/** Phases of HTTP that a question to a name server does not have. */
const OWN_PHASES: ReadonlySet<string> = new Set(["resolve", "connect", "tls"]);

/** Connects over HTTPS (RFC 8484). The certificate is judged by the caller, but for `require`. */
export async function openHttps(state: WireRun, server: ServerAddress, options: EncryptedOptions): Promise<Channel> {
  const exchange = newExchange(requestOf(server, Buffer.alloc(0), options));
  const connection = await asPartOf(state, server, (context) => connect(context, exchange, httpOptionsOf(server, options, options.timeoutMs)));
  if (exchange.tls?.alpn !== "h2") return new Http1Channel(state, server, options, connection, exchange.tls);
  return new Http2Channel(server, options, connection, exchange.tls, await import("../http/http2.js"));
}

/** Questions as requests of one HTTP/2 session. */
class Http2Channel implements Channel {
  readonly #session: ClientHttp2Session;
  #isTired = false;

  constructor(
    readonly server: ServerAddress,
    readonly options: EncryptedOptions,
    readonly connection: Connection,
    readonly tls: TlsFacts,
    readonly http2: typeof import("../http/http2.js"),
  ) {
    this.#session = http2.openSession(connection, requestOf(server, Buffer.alloc(0), options).url);
    // Each request under way listens to it.
    this.#session.setMaxListeners(0).on("goaway", () => this.#retire());
  }

  get isOpen(): boolean {
    return !this.#isTired && !this.#session.closed && !this.#session.destroyed;
  }

  async ask<Reply extends object>(run: WireRun, query: Buffer, read: ReadReply<Reply>, timeoutMs: number): Promise<Replied<Reply>> {
    const exchange = newExchange(requestOf(this.server, query, this.options));
    const reader = readerFor(exchange, { body: () => BODY });
    const reply = await replyTo(exchange, read, () =>
      this.http2.exchangeOnSession({ ...run, recorder: new Recorder(null) }, this.#session, exchange, reader, timeoutMs),
    );
    // A run that ended says nothing of the server.
    if ("code" in reply && reply.code === "timeout" && run.deadline.reason === null) this.#retire();
    return { reply, tls: this.tls, httpVersion: exchange.head?.version ?? null };
  }

  /** Takes no more questions, and closes after the last. */
  #retire(): void {
    this.#isTired = true;
    if (!this.#session.closed) this.#session.close();
  }

  close(): void {
    this.#session.destroy();
    this.connection.close();
  }
}

/** HTTP/1.1, which RFC 8484 advises against: the connection that is open serves the first question, and each other has its own. */
class Http1Channel implements Channel {
  readonly isOpen = true;
  #unused: Connection | null;

  constructor(
    readonly state: WireRun,
    readonly server: ServerAddress,
    readonly options: EncryptedOptions,
    connection: Connection,
    readonly tls: TlsFacts | null,
  ) {
    this.#unused = connection;
  }

  async ask<Reply extends object>(run: WireRun, query: Buffer, read: ReadReply<Reply>, timeoutMs: number): Promise<Replied<Reply>> {
    const exchange = newExchange(requestOf(this.server, query, this.options));
    const options = httpOptionsOf(this.server, this.options, timeoutMs);
    const connection = this.#unused;
    this.#unused = null;
    const reply = await replyTo(exchange, read, async () => {
      if (connection === null) return await asPartOf(run, this.server, (context) => send(context, exchange, options));
      exchange.tls = this.tls;
      try {
        await new Http1Exchange({ ...run, recorder: new Recorder(null) }, connection, exchange, readerFor(exchange, options), options).run();
      } finally {
        connection.close();
      }
    });
    return { reply, tls: exchange.tls, httpVersion: exchange.head?.version ?? null };
  }

  close(): void {
    this.#unused?.close();
  }
}

/** The question is one operation of the run, not a request with its phases. */
async function asPartOf<Result>(state: WireRun, server: ServerAddress, use: (context: HttpContext) => Promise<Result>): Promise<Result> {
  const recorder = new Recorder(null);
  const run: WireRun = { ...state, recorder };
  try {
    return await use({ run, tcp: tcpGrant(run), tls: tlsGrant(run) });
  } finally {
    if (recorder.connectedAt !== null) state.recorder.connected(server.address, recorder.connectedAt);
  }
}

async function replyTo<Reply extends object>(exchange: Exchange, read: ReadReply<Reply>, send: () => Promise<unknown>): Promise<Reply | Failure> {
  try {
    await send();
    return messageIn(exchange, read);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { phase, code, message } = error.failure;
    return OWN_PHASES.has(phase) ? error.failure : failure("query", code, message);
  }
}

function httpOptionsOf({ address }: ServerAddress, { tls: { servername, verify, min_version, ca } }: EncryptedOptions, timeoutMs: number): HttpOptions {
  const tls = { verify, min_version, ...(servername === undefined ? {} : { servername }), ...(ca === undefined ? {} : { ca }) };
  return { address_family: "any", connect_timeout_ms: timeoutMs, command_timeout_ms: timeoutMs, address, tls, body: () => BODY };
}

/** The name of the certificate is the name of the service, if the input has one. */
function requestOf(
  { address, family, port }: ServerAddress,
  query: Buffer,
  { tls: { servername }, httpsPath = USUAL_HTTPS_PATH }: EncryptedOptions,
): HttpRequest {
  const host = servername ?? (family === 6 ? `[${address}]` : address);
  const fields: Field[] = [
    ["accept", MEDIA_TYPE],
    ["content-type", MEDIA_TYPE],
    ["user-agent", "probe-run"],
  ];
  return { method: "POST", url: new URL(`https://${host}:${port}${httpsPath}`), fields, body: query, version: "auto" };
}

function messageIn<Reply extends object>({ head, body }: Exchange, read: ReadReply<Reply>): Reply | Failure {
  const status = head?.status ?? 0;
  if (status < 200 || status > 299) return failure("query", status === 429 || status >= 500 ? "refused" : "unsupported", `the server answers HTTP ${status}`);
  const type = (fieldValue(head?.fields ?? [], "content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== MEDIA_TYPE) return failure("query", "protocol_violation", `the response is ${type || "without a media type"}, not ${MEDIA_TYPE}`);
  if (body?.truncated === true) return failure("query", "limit_exceeded", "the response is longer than a message can be");
  const reply = read(body?.kept ?? Buffer.alloc(0));
  return typeof reply === "string" ? failure("query", "protocol_violation", "a reply over HTTPS that cannot be read") : reply;
}
