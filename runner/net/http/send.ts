import type { HttpPhases } from "../../../schemas/http.js";
import type { Operation } from "../../../schemas/operation.js";
import { failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import { secureOptionsOf } from "../transport/secure-options.js";
import { requireTrusted } from "../transport/tls.js";
import { BodyReader } from "./body-reader.js";
import type { Exchange, HttpContext, HttpOptions } from "./exchange.js";
import { Http1Exchange } from "./http1.js";
import { hostOf, portOf, type ResponseHead } from "./message.js";

/** Sends one request on a connection of its own, and reads the response. Rejects with a FailureError; `exchange` has what was learned. */
export async function send(context: HttpContext, exchange: Exchange, options: HttpOptions): Promise<void> {
  const { recorder } = context.run;
  const first = recorder.operations.length;
  try {
    await converse(context, exchange, options);
  } finally {
    notePhases(exchange.phases, recorder.operations.slice(first));
  }
}

async function converse(context: HttpContext, exchange: Exchange, options: HttpOptions): Promise<void> {
  const { request } = exchange;
  const connection = await connect(context, exchange, options);
  const reader = readerFor(exchange, options);
  let isHandedOver = false;
  try {
    const isHttp2 = exchange.tls?.alpn === "h2";
    if (request.version === "2" && !isHttp2)
      throw failureError("tls", "unsupported", "the server does not speak HTTP/2: it did not choose h2 in the TLS handshake");
    if (isHttp2) {
      // node:http2 takes some milliseconds to load.
      const { exchangeOnSession, openSession } = await import("./http2.js");
      const session = openSession(connection, request.url);
      try {
        return await exchangeOnSession(connection.run, session, exchange, reader, options.command_timeout_ms);
      } finally {
        session.destroy();
      }
    }
    const rest = await new Http1Exchange(connection.run, connection, exchange, reader, options).run();
    if (rest === null || options.upgraded === undefined) return;
    isHandedOver = true;
    await options.upgraded(connection, rest, exchange.head as ResponseHead);
  } finally {
    if (!isHandedOver) connection.close();
  }
}

/** Makes the body's reader once the header is there. */
export function readerFor(exchange: Exchange, options: Pick<HttpOptions, "body" | "isEnough">): (head: ResponseHead) => BodyReader {
  return (head) => {
    const body = new BodyReader(head.fields, options.body(head), options.isEnough);
    exchange.body = body.facts;
    return body;
  };
}

/** Connects, and begins TLS for https:; `exchange` has what was learned. */
export async function connect({ tcp, tls }: HttpContext, exchange: Exchange, options: HttpOptions): Promise<Connection> {
  const { url, version } = exchange.request;
  const host = hostOf(url);
  const isSecure = url.protocol === "https:";
  if (version === "2" && !isSecure) throw failureError("connect", "unsupported", "HTTP/2 is spoken over https: only");
  const connection = await tcp.connect({ ...options, host: options.address ?? host, port: portOf(url) }, exchange.attempts);
  exchange.ipAddress = connection.remoteAddress;
  if (!isSecure) return connection;
  const name = options.tls.servername ?? host;
  const isHttp1 = version === "1.1" || options.upgraded !== undefined || options.upload !== undefined;
  const alpn = isHttp1 ? ["http/1.1"] : version === "2" ? ["h2"] : ["h2", "http/1.1"];
  const timeoutMs = options.handshake_timeout_ms ?? options.command_timeout_ms;
  exchange.tls = await tls.secure(connection, { ...secureOptionsOf(options.tls, host), alpn }, timeoutMs);
  try {
    if (options.tls.verify === "require") requireTrusted(exchange.tls, name);
    options.checkPeer?.(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The phases are the operations of the run, by their names. */
function notePhases(phases: HttpPhases, operations: readonly Operation[]): void {
  const durationOf = (name: string): number | null => operations.find((operation) => operation.name.endsWith(name))?.duration_ms ?? null;
  phases.resolve_ms = durationOf("resolve");
  phases.connect_ms = durationOf("connect");
  phases.tls_ms = durationOf("TLS");
  phases.request_ms = durationOf("request");
  phases.first_byte_ms = durationOf("first byte");
  phases.headers_ms = durationOf("headers");
  phases.body_ms = durationOf("body");
}
