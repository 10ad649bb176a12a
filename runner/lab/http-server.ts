import { gzipSync } from "node:zlib";
import { type HttpServer, listenHttp, type RequestHandler, type ServerOptions } from "../net/http/listen.js";

/** What a server of the lab answers to one path. */
export interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** How long it waits before it answers. */
  readonly afterMs?: number;
}

export type Site = (path: string, request: Parameters<RequestHandler>[0]) => Page;

/** An HTTP server for the loopback: HTTP/1.1, and with a certificate HTTPS and HTTP/2. */
export function startHttpServer(site: Site, options: ServerOptions = {}): Promise<HttpServer> {
  return listenHttp((request, response) => {
    const { status = 200, headers = {}, body = "", afterMs = 0 } = site((request.url ?? "/").split("?")[0] as string, request);
    const answer = (): void => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value as string);
      response.statusCode = status;
      response.end(request.method === "HEAD" ? undefined : body);
    };
    request.resume();
    if (afterMs === 0) answer();
    else setTimeout(answer, afterMs);
  }, options);
}

const HTML = { "content-type": "text/html; charset=utf-8" };

/** The pages of every web server of the lab. */
export const LAB_SITE: Site = (path) => {
  switch (path) {
    case "/":
      return { headers: HTML, body: "<!doctype html><title>lab</title><p>It works.\n" };
    case "/old":
      return { status: 301, headers: { location: "/" } };
    case "/gzip":
      return { headers: { ...HTML, "content-encoding": "gzip" }, body: gzipSync("It works. ".repeat(500)) };
    case "/events":
      return { headers: { "content-type": "text/event-stream" }, body: 'event: tick\nid: 1\ndata: {"at": 1}\n\n' };
    case "/slow":
      return { headers: HTML, body: "At last.\n", afterMs: 120 };
    case "/down":
      return { status: 503, headers: { "retry-after": "30" }, body: "Come back later.\n" };
    default:
      return { status: 404, body: "There is nothing here.\n" };
  }
};
