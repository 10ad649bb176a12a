import { randomBytes } from "node:crypto";
import { type HttpServer, listenHttp } from "../net/http/listen.js";

const PIECE_BYTES = 64 * 1024;

/** Serves random bytes without end at GET, and takes whatever is sent to it. */
export async function startBandwidthServer(port = 0): Promise<HttpServer> {
  const piece = randomBytes(PIECE_BYTES);
  return listenHttp(
    (request, response) => {
      if (request.method !== "GET") {
        request.resume().on("end", () => response.writeHead(200).end());
        return;
      }
      response.writeHead(200, { "content-type": "application/octet-stream" });
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more);
      more();
    },
    { port },
  );
}
