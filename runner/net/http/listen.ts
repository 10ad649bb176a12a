import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Certificate, ServedTls } from "../transport/listen.js";

export type RequestHandler = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse & Http2ServerResponse) => void;

export interface HttpServer {
  /** http://127.0.0.1:8080 */
  readonly origin: string;
  readonly port: number;
  /** Destroys open connections, and resolves when all are closed. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** With one: HTTPS, with HTTP/2 for those who choose it. */
  readonly certificate?: Certificate;
  readonly tls?: ServedTls;
  readonly port?: number;
}

/** Serves HTTP on the loopback. */
export async function listenHttp(handle: RequestHandler, { certificate, tls = {}, port = 0 }: ServerOptions = {}): Promise<HttpServer> {
  const server =
    certificate === undefined
      ? createServer(handle as never)
      : createSecureServer({ key: certificate.key, cert: certificate.certificate, allowHTTP1: true, ...tls }, handle as never);
  const open = new Set<Socket>();
  const track = (socket: Socket): void => {
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy());
  };
  server.on("connection", track).on("secureConnection", track);
  server.listen({ host: "127.0.0.1", port });
  await once(server, "listening");
  const { port: actual } = server.address() as AddressInfo;
  return {
    origin: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${actual}`,
    port: actual,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
