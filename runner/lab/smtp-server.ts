import { type Certificate, listen } from "../net/transport/listen.js";
import { Peer } from "./client-connection.js";
import { closedByBlock } from "./closed-by-block.js";
import { selfSigned } from "./self-signed.js";
import { Greylist } from "./smtp/greylist.js";
import { Mailbox, type ReceivedMessage } from "./smtp/mailbox.js";
import { serveSession } from "./smtp/session.js";
import type { ServerSettings } from "./smtp/settings.js";

export type { ReceivedMessage };

export interface SmtpServerOptions extends Partial<ServerSettings> {
  host?: string;
  port?: number;
}

export interface SmtpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly openSockets: number;
  /** The last messages that were taken, the oldest first. */
  readonly messages: readonly ReceivedMessage[];
  /** What a client has to trust (PEM) when the server speaks TLS. */
  readonly certificate: string | null;
  close(): Promise<void>;
}

/** RFC 5321, 4.5.3.2.7 allows five minutes; a lab on the own machine has no slow peers. */
const IDLE_MS = 60_000;
const SIZE_BYTES = 32 * 1024 * 1024;

/** A small mail server for the loopback: it takes any message, keeps the last ones in memory and delivers none. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const settings = withDefaults(options);
  const certificate: Certificate | null = settings.tls === "none" ? null : (options.certificate ?? selfSigned({ names: ["localhost", "127.0.0.1", "::1"] }));
  const mailbox = new Mailbox();
  const greylist = new Greylist(settings.greylistMs);
  const listener = await listen((socket) => void serveSession(new Peer(socket), { ...settings, certificate, mailbox, greylist }), options);
  return closedByBlock({
    host: listener.host,
    port: listener.port,
    messages: mailbox.messages,
    certificate: certificate?.certificate ?? null,
    get connections() {
      return listener.connections;
    },
    get openSockets() {
      return listener.openSockets;
    },
    close: () => listener.close(),
  });
}

function withDefaults(options: SmtpServerOptions): ServerSettings {
  return {
    name: "lab.localhost",
    tls: "none",
    auth: null,
    size: SIZE_BYTES,
    greylistMs: 0,
    latencyMs: 0,
    idleMs: IDLE_MS,
    features: ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"],
    certificate: null,
    onMessage: null,
    ...options,
  };
}
