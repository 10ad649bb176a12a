import { type Certificate, listen } from "../net/transport/listen.js";
import { Peer } from "./client-connection.js";
import { type Pop3Settings, servePop3Session } from "./pop3/session.js";
import { selfSigned } from "./self-signed.js";
import { MailStore } from "./store/mail-store.js";

export interface Pop3ServerOptions extends Partial<Pop3Settings> {
  host?: string;
  port?: number;
}

export interface Pop3Server {
  readonly host: string;
  readonly port: number;
  readonly openSockets: number;
  /** What a client has to trust (PEM) when the server speaks TLS. */
  readonly certificate: string | null;
  close(): Promise<void>;
}

/** A small POP3 server for the loopback: it lets one account in and counts its messages. Nothing can be read from it, and nothing deleted. */
export async function startPop3Server(options: Pop3ServerOptions = {}): Promise<Pop3Server> {
  const settings = withDefaults(options);
  const certificate: Certificate | null = settings.tls === "none" ? null : (options.certificate ?? selfSigned({ names: ["localhost", "127.0.0.1", "::1"] }));
  const listener = await listen((socket) => void servePop3Session(new Peer(socket), { ...settings, certificate }), options);
  return {
    host: listener.host,
    port: listener.port,
    certificate: certificate?.certificate ?? null,
    get openSockets() {
      return listener.openSockets;
    },
    close: () => listener.close(),
  };
}

/** RFC 1939, section 3 asks for ten minutes; a lab on the own machine has no slow peers. */
const IDLE_MS = 60_000;

function withDefaults(options: Pop3ServerOptions): Pop3Settings {
  return {
    name: "lab.localhost",
    tls: "none",
    auth: { username: "lab", password: "lab-password" },
    greetsWithTimestamp: true,
    latencyMs: 0,
    idleMs: IDLE_MS,
    certificate: null,
    store: new MailStore(),
    ...options,
  };
}
