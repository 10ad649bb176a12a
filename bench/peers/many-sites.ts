import { createServer, type Server, type Socket } from "node:net";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { blackHole } from "../../test/support/black-hole.js";
import { serve } from "../support/serve.js";

export interface SitesRequest {
  readonly healthy: number;
  readonly dead: number;
  readonly slow: number;
}

export interface SitesAnswer {
  readonly port: number;
  readonly servers: readonly string[];
}

/** Where the mail hosts of all sites are: names of their own, which makes them sites, at a few addresses. */
const HEALTHY_HOST = "127.0.0.31";
const DEAD_HOST = "127.0.0.32";
const SLOW_HOST = "127.0.0.33";
/** Longer than any healthy site needs. */
const SLOWNESS_MS = 30_000;

const sockets = new Set<Socket>();

serve<SitesRequest>("ready", async ({ healthy, dead, slow }) => {
  const taking = await listening(createServer({ noDelay: true }, talk), HEALTHY_HOST, 0);
  const { port } = taking.address() as { port: number };
  await listening(createServer({ noDelay: true }, tarpit), SLOW_HOST, port);
  await blackHole(DEAD_HOST, port);
  const names = [...sites("healthy", healthy, HEALTHY_HOST), ...sites("dead", dead, DEAD_HOST), ...sites("slow", slow, SLOW_HOST)];
  const dns = await startDnsServer({ zones: [["$ORIGIN sites.example.", "$TTL 300", "@ SOA ns hostmaster 1 3600 600 86400 60", ...names].join("\n")] });
  return { port, servers: dns.servers } satisfies SitesAnswer;
});

function sites(kind: string, count: number, address: string): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}${index} MX 10 mx.${kind}${index}\nmx.${kind}${index} A ${address}`);
}

async function listening(server: Server, host: string, port: number): Promise<Server> {
  await new Promise<void>((resolve) => server.listen({ host, port, backlog: 4096 }, resolve));
  return server;
}

/** Takes every message. */
function talk(socket: Socket): void {
  keep(socket);
  let isBody = false;
  let rest = "";
  socket.write("220 mx ESMTP\r\n");
  socket.on("data", (bytes: Buffer) => {
    const lines = (rest + bytes.toString("latin1")).split("\r\n");
    rest = lines.pop() as string;
    let replies = "";
    for (const line of lines) {
      if (isBody) {
        if (line === ".") replies += "250 OK\r\n";
        isBody = line !== ".";
      } else if (line.startsWith("EHLO")) replies += "250-mx\r\n250 PIPELINING\r\n";
      else if (line === "DATA") {
        isBody = true;
        replies += "354 go\r\n";
      } else replies += line === "QUIT" ? "221 bye\r\n" : "250 OK\r\n";
    }
    if (replies !== "") socket.write(replies);
  });
}

/** Accepts every connection, and sends the greeting after a long time. */
function tarpit(socket: Socket): void {
  keep(socket);
  const timer = setTimeout(() => socket.write("220 at last\r\n"), SLOWNESS_MS);
  socket.on("close", () => clearTimeout(timer));
}

function keep(socket: Socket): void {
  sockets.add(socket);
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.on("close", () => sockets.delete(socket));
}
