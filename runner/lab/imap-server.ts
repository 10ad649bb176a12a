import { type Certificate, listen } from "../net/transport/listen.js";
import { Peer } from "./client-connection.js";
import { closedByBlock } from "./closed-by-block.js";
import { CAPABILITIES } from "./imap/capabilities.js";
import { serveImapSession } from "./imap/session.js";
import type { ImapBehaviour, ImapCommand, ImapSettings } from "./imap/settings.js";
import { selfSigned } from "./self-signed.js";
import { MailStore } from "./store/mail-store.js";

export type { ImapBehaviour, ImapCommand };

export interface ImapServerOptions extends Partial<ImapSettings> {
  host?: string;
  port?: number;
  /** What it shows; an empty one when there is none. */
  store?: MailStore;
}

export interface ImapServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly openSockets: number;
  readonly store: MailStore;
  /** What a client has to trust (PEM) when the server speaks TLS. */
  readonly certificate: string | null;
  close(): Promise<void>;
}

/** RFC 9051, 5.4 asks for 30 minutes; a lab on the own machine has no slow peers. */
const IDLE_MS = 300_000;

/** Who may log in when nothing else is said. */
export const LAB_ACCOUNT = { username: "lab", password: "lab-password" } as const;

/** A small IMAP server for the loopback: one mailbox with an INBOX and a folder for spam, kept in memory. */
export async function startImapServer(options: ImapServerOptions = {}): Promise<ImapServer> {
  const settings = withDefaults(options);
  const certificate: Certificate | null = settings.tls === "none" ? null : (options.certificate ?? selfSigned({ names: ["localhost", "127.0.0.1", "::1"] }));
  const store = options.store ?? new MailStore();
  const state = { ...settings, certificate, store, counts: new Map<string, number>() };
  const listener = await listen((socket) => void serveImapSession(new Peer(socket), state), options);
  return closedByBlock({
    host: listener.host,
    port: listener.port,
    store,
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

function withDefaults(options: ImapServerOptions): ImapSettings {
  return {
    name: "lab.localhost",
    tls: "none",
    auth: LAB_ACCOUNT,
    latencyMs: 0,
    idleMs: IDLE_MS,
    capabilities: CAPABILITIES,
    certificate: null,
    behave: null,
    ...options,
  };
}
