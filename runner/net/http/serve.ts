import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { boundConnections, CONNECTION_CHECKS } from "./bounded-connections.js";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Plain text by default. */
  readonly type?: string;
  /** Header fields beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpServing {
  /** http://127.0.0.1:9464 */
  readonly address: string;
  close(): void;
}

/** What a request asks for. */
export interface HttpAsked {
  readonly query: URLSearchParams;
  /** A header field's value; null without it. */
  header(name: string): string | null;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** Enough for Prometheus, readiness probes and people. */
const MAX_CONNECTIONS = 128;

/** Answers GET with a text by path. It does not keep the process alive. */
export async function serveHttp(
  at: { readonly host: string; readonly port: number },
  answer: (path: string, asked: HttpAsked) => Promise<HttpAnswer>,
  mostConnections = MAX_CONNECTIONS,
): Promise<HttpServing> {
  const server = createServer(CONNECTION_CHECKS, (request, response) => {
    const reply = ({ status, text, type = "text/plain; charset=utf-8", headers = {} }: HttpAnswer): void => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff", ...headers }).end(text);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return reply({ status: 405, text: "only GET\n" });
    const failed = (error: unknown): void => reply({ status: 500, text: `${error instanceof Error ? error.message : error}\n` });
    const [path = "/", ...query] = (request.url ?? "/").split("?");
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const header = (name: string): string | null => {
      const value = request.headers[name];
      return typeof value === "string" ? value : null;
    };
    answer(path, { query: new URLSearchParams(query.join("?")), header, signal: gone.signal }).then(reply, failed);
  });
  boundConnections(server, mostConnections);
  server.listen(at);
  await once(server, "listening");
  server.unref();
  return { address: addressOf(server), close: () => close(server) };
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
