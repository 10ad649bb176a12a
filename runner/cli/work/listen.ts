import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { metricsText } from "../../queue/metrics.js";
import { UsageError } from "../usage-error.js";
import type { Monitor } from "./monitor.js";

export interface Listening {
  readonly address: string;
  close(): void;
}

/** Where to listen: HOST:PORT, [::1]:PORT, or :PORT for every address. */
export function listenAddress(written: string): { host: string; port: number } {
  const [, bracketed, plain = "", port = ""] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(written) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new UsageError(`--listen takes HOST:PORT, not ${JSON.stringify(written)}`, "for example --listen 127.0.0.1:9464");
  return { host: bracketed ?? (plain === "" ? "::" : plain), port: Number(port) };
}

/** /healthz: the process lives. /readyz: it takes jobs, and the store answers. /metrics: numbers for Prometheus. */
export async function listen(written: string, monitor: Monitor, isStopping: () => boolean): Promise<Listening> {
  const server = createServer((request, response) => {
    const reply = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(text);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return reply(405, "only GET\n");
    switch (request.url?.split("?")[0]) {
      case "/healthz":
        return reply(200, "ok\n");
      case "/readyz":
        return void ready(monitor, isStopping).then((why) => reply(why === null ? 200 : 503, `${why ?? "ok"}\n`));
      case "/metrics":
        return void monitor.ask().then(() => reply(200, metricsText(monitor.observed), "text/plain; version=0.0.4; charset=utf-8"));
      default:
        return reply(404, "there are /healthz, /readyz and /metrics\n");
    }
  });
  server.listen(listenAddress(written));
  await once(server, "listening");
  server.unref();
  return { address: addressOf(server), close: () => void server.close() };
}

async function ready(monitor: Monitor, isStopping: () => boolean): Promise<string | null> {
  if (isStopping()) return "it is stopping";
  return (await monitor.ask()) === null ? "the queue does not answer" : null;
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as Exclude<ReturnType<Server["address"]>, string | null>;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
