import type { Socket } from "node:net";
import { listen } from "../../runner/net/transport/listen.js";
import { serve } from "../support/serve.js";

export interface LabSite {
  /** NOOP is answered after this time. */
  readonly thinkMs: number;
  /** Connections are accepted, and nothing else happens. */
  readonly isSilent: boolean;
  /** The first session of every EHLO name is deferred. */
  readonly isGreylisting: boolean;
}

export interface LabSitesReady {
  /** A port for each kind of site, in the order of the argument. */
  readonly ports: readonly number[];
}

// node lab-sites.js KINDS: one server per kind of mail site; KINDS is a JSON array of LabSite.
const kinds = JSON.parse(process.argv[2] as string) as readonly LabSite[];
const ports: number[] = [];
for (const kind of kinds) ports.push((await listen((socket) => talk(socket, kind))).port);
serve({ ports } satisfies LabSitesReady, async () => null);

const seen = new Set<string>();

/** Its clients wait for each reply, so a command is one arrival. */
function talk(socket: Socket, { thinkMs, isSilent, isGreylisting }: LabSite): void {
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.setEncoding("latin1");
  if (isSilent) return void socket.resume();
  socket.on("data", (text: string) => {
    if (text === "NOOP\r\n") setTimeout(() => socket.write("250 2.0.0 OK\r\n"), thinkMs);
    else if (text === "QUIT\r\n") socket.end("221 2.0.0 bye\r\n");
    else if (isGreylisting && !seen.has(text)) {
      seen.add(text);
      socket.write("450 4.7.1 greylisted, come back later\r\n");
    } else socket.write("250-bench.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
  });
  socket.write("220 bench.example ESMTP\r\n");
}
