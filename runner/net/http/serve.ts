import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Plain text by default. */
  readonly type?: string;
}

export interface HttpServing {
  /** http://127.0.0.1:9464 */
  readonly address: string;
  close(): void;
}

/** Answers GET with a short text by path. It does not keep the process alive. */
export async function serveHttp(at: { readonly host: string; readonly port: number }, answer: (path: string) => Promise<HttpAnswer>): Promise<HttpServing> {
  const server = createServer((request, response) => {
    const reply = ({ status, text, type = "text/plain; charset=utf-8" }: HttpAnswer): void => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(text);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return reply({ status: 405, text: "only GET\n" });
    const failed = (error: unknown): void => reply({ status: 500, text: `${error instanceof Error ? error.message : error}\n` });
    answer(request.url?.split("?")[0] ?? "/").then(reply, failed);
  });
  server.listen(at);
  await once(server, "listening");
  server.unref();
  return { address: addressOf(server), close: () => void server.close() };
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
