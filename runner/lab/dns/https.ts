import type { Handler } from "../../net/dns/serve.js";
import { type HttpServer, listenHttp, type RequestHandler } from "../../net/http/listen.js";
import type { Certificate } from "../../net/transport/listen.js";

const MEDIA_TYPE = "application/dns-message";
const MAX_BYTES = 65_535;

/** Takes DNS messages by HTTPS (RFC 8484), in the body of a POST or in the query of a GET, at /dns-query. */
export function serveDnsOverHttps(handle: Handler, certificate: Certificate, port = 0): Promise<HttpServer> {
  const answer: RequestHandler = async (request, response) => {
    const refuse = (status: number): void => void response.writeHead(status).end();
    const url = new URL(request.url ?? "/", "https://localhost");
    if (url.pathname !== "/dns-query") return refuse(404);
    const isPost = request.method === "POST";
    if (isPost && request.headers["content-type"] !== MEDIA_TYPE) return refuse(415);
    const message = isPost ? await bodyOf(request as AsyncIterable<Buffer>) : Buffer.from(url.searchParams.get("dns") ?? "", "base64url");
    if (message === null || message.length === 0) return refuse(message === null ? 413 : 400);
    handle(message, "https", (reply) => {
      response.writeHead(200, { "content-type": MEDIA_TYPE, "content-length": reply.length, "cache-control": "max-age=0" });
      response.end(reply);
    });
  };
  return listenHttp(answer, { certificate, port });
}

async function bodyOf(request: AsyncIterable<Buffer>): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
