import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "../transport/listen.js";
import { boundConnections, CONNECTION_CHECKS, HANDSHAKE_TIMEOUT } from "./bounded-connections.js";
import { isOwnHost, plainAddress } from "./own-host.js";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Plain text by default. */
  readonly type?: string;
  /** Header fields beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer continues after the text: this client gets what is written to it, until it goes away or is ended. */
  readonly follow?: (client: HttpFollower) => void;
}

export interface HttpFollower {
  /** A client that does not read what was written before is cut off. */
  write(text: string): void;
  end(): void;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

export interface HttpServing {
  /** http://127.0.0.1:9464 */
  readonly address: string;
  close(): void;
}

/** What a request asks for. */
export interface HttpAsked {
  /** GET or HEAD, or POST where it is allowed. */
  readonly method: string;
  readonly query: URLSearchParams;
  /** A header field's value; null without it. */
  header(name: string): string | null;
  /** Of the client, or of the proxy in front of it. */
  readonly address: string;
  /** By TLS, up to here. */
  readonly isEncrypted: boolean;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** Enough for Prometheus, readiness probes and people. */
const MAX_CONNECTIONS = 128;
/** A client that follows and does not read is cut off when this much waits for it. */
const MOST_UNREAD_BYTES = 262_144;

export interface ServingOptions {
  readonly mostConnections?: number;
  /** Paths that take POST, too. What is posted is not looked at. */
  readonly mayPost?: (path: string) => boolean;
  /** The names that requests for a path may be addressed to, besides those of the machine itself; null: any. Without names, any but on the loopback. */
  readonly hosts?: (path: string) => readonly string[] | null;
  /** Serve by TLS. */
  readonly certificate?: Certificate | null;
}

/** Of the body of a POST. A client that sends more is cut off. */
const MOST_POSTED_BYTES = 65_536;

/** Answers GET with a text by path. It does not keep the process alive. */
export async function serveHttp(
  at: { readonly host: string; readonly port: number },
  answer: (path: string, asked: HttpAsked) => Promise<HttpAnswer>,
  { mostConnections = MAX_CONNECTIONS, certificate = null, mayPost = () => false, hosts = () => [] }: ServingOptions = {},
): Promise<HttpServing> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const [path = "/", ...query] = (request.url ?? "/").split("?");
    const names = hosts(path);
    const { host } = request.headers;
    if (names !== null && !isOwnHost(host, { listening: at.host, address: request.socket.localAddress ?? "", names })) {
      reply(response, false, misdirected(host));
      return;
    }
    if (request.method === "POST" && mayPost(path)) discardBody(request);
    else if (request.method !== "GET" && request.method !== "HEAD") {
      reply(response, false, { status: 405, text: "only GET\n" });
      return;
    }
    const failed = (error: unknown): void => reply(response, false, { status: 500, text: `${error instanceof Error ? error.message : error}\n` });
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const asked = askedOf(request, new URLSearchParams(query.join("?")), gone.signal);
    answer(path, asked).then((it) => reply(response, request.method === "GET", it, gone.signal), failed);
  };
  const tls = certificate === null ? null : { cert: certificate.certificate, key: certificate.key, ...CONNECTION_CHECKS, ...HANDSHAKE_TIMEOUT };
  const server = tls === null ? createServer(CONNECTION_CHECKS, listener) : createTlsServer(tls, listener);
  boundConnections(server, mostConnections);
  server.listen(at);
  await once(server, "listening");
  server.unref();
  return { address: addressOf(server, tls === null ? "http" : "https"), close: () => close(server) };
}

/** RFC 9110, 15.5.20. */
function misdirected(host = ""): HttpAnswer {
  const text = `this server is not served as ${JSON.stringify(host.slice(0, 253))}: if that is a name of its own, start it with --server-name NAME\n`;
  return { status: 421, text };
}

function discardBody(request: IncomingMessage): void {
  let bytes = 0;
  request.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MOST_POSTED_BYTES) request.destroy();
  });
}

function askedOf(request: IncomingMessage, query: URLSearchParams, signal: AbortSignal): HttpAsked {
  return {
    method: request.method ?? "GET",
    query,
    signal,
    address: plainAddress(request.socket.remoteAddress ?? ""),
    isEncrypted: "encrypted" in request.socket,
    header: (name) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : null;
    },
  };
}

function reply(response: ServerResponse, mayFollow: boolean, { status, text, type, headers = {}, follow }: HttpAnswer, signal?: AbortSignal): void {
  response.writeHead(status, {
    "content-type": type ?? "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  if (follow === undefined || !mayFollow || signal === undefined || signal.aborted) {
    response.end(text);
    return;
  }
  const write = (piece: string): void => {
    if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
    else if (!response.destroyed) response.write(piece);
  };
  write(text);
  follow({ write, signal, end: () => response.end() });
}

function close(server: Server | TlsServer): void {
  server.close();
  server.closeAllConnections();
}

function addressOf(server: Server | TlsServer, scheme: string): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${scheme}://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
