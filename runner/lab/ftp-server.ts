import { randomBytes } from "node:crypto";
import { type AcceptedSocket, type Certificate, type Listener, listen, type ServedTls, serveTls } from "../net/transport/listen.js";
import { Peer } from "./client-connection.js";
import { selfSigned } from "./self-signed.js";

export interface FtpServerOptions {
  host?: string;
  port?: number;
  tls?: "none" | "starttls" | "implicit";
  /** The only account beside anonymous. */
  account?: { readonly username: string; readonly password: string };
  /** What LIST, NLST and MLSD send, and the content of each file. */
  list?: string;
  file?: string;
  /** The address in replies to PASV: of a server behind NAT it is often its inner one. */
  passiveAddress?: string;
  /** Replies in place of the usual ones, by verb; null: the command is never answered. */
  replies?: Readonly<Record<string, string | null>>;
  /** Refuses a data connection that does not resume the TLS session of the control connection, as vsftpd's require_ssl_reuse. */
  requiresResumption?: boolean;
  /** Replaces the whole handling of a data connection. */
  onData?: (socket: AcceptedSocket) => void;
  /** The reply after a transfer; null for none. */
  completion?: string | null;
  latencyMs?: number;
  /** Versions of TLS and suites that it takes. */
  allowed?: ServedTls;
  certificate?: Certificate;
}

export interface FtpServer {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
  /** Commands of all clients, without passwords. */
  readonly commands: readonly string[];
  readonly openSockets: number;
  close(): Promise<void>;
}

interface Session {
  readonly peer: Peer;
  readonly options: FtpServerOptions;
  readonly certificate: Certificate;
  readonly ticketKeys: Buffer;
  user: string | null;
  loggedIn: boolean;
  isSecure: boolean;
  isPrivate: boolean;
  passive: { readonly listener: Listener; readonly accepted: Promise<AcceptedSocket> } | null;
}

/** A small FTP server for the loopback, with one directory and one file. It takes nothing and changes nothing. */
export async function startFtpServer(options: FtpServerOptions = {}): Promise<FtpServer> {
  const certificate = options.certificate ?? selfSigned({ names: ["localhost", "127.0.0.1", "::1"] });
  // Both connections of a client use them: a session of one can be resumed on the other.
  const ticketKeys = randomBytes(48);
  const commands: string[] = [];
  const sessions = new Set<Session>();
  const listener = await listen((socket) => {
    const session: Session = {
      peer: new Peer(socket),
      options,
      certificate,
      ticketKeys,
      user: null,
      loggedIn: false,
      isSecure: false,
      isPrivate: false,
      passive: null,
    };
    sessions.add(session);
    void serve(session, commands).finally(async () => {
      await session.passive?.listener.close();
      sessions.delete(session);
    });
  }, options);
  return {
    host: listener.host,
    port: listener.port,
    certificate: certificate.certificate,
    commands,
    get openSockets() {
      return listener.openSockets + [...sessions].reduce((sum, { passive }) => sum + (passive?.listener.openSockets ?? 0), 0);
    },
    async close() {
      await listener.close();
      await Promise.all([...sessions].map(({ passive }) => passive?.listener.close()));
    },
  };
}

async function serve(session: Session, commands: string[]): Promise<void> {
  const { peer, options } = session;
  if (options.tls === "implicit") startTls(session);
  await say(session, options.replies?.greeting ?? "220 ftp.lab ready");
  for (let line = await peer.readLine(); line !== null; line = await peer.readLine()) {
    const [, verb = "", argument = ""] = /^([^ ]*) ?(.*)$/s.exec(line.text) ?? [];
    commands.push(verb === "PASS" ? verb : line.text);
    const scripted = options.replies?.[verb.toUpperCase()];
    if (scripted !== undefined) {
      if (scripted !== null) await say(session, scripted);
    } else if ((await answer(session, verb.toUpperCase(), argument)) === "close") break;
  }
  peer.close();
}

async function answer(session: Session, verb: string, argument: string): Promise<"close" | undefined> {
  const { options } = session;
  switch (verb) {
    case "QUIT":
      await say(session, "221 bye");
      return "close";
    case "AUTH":
      if (options.tls !== "starttls" || session.isSecure) return say(session, "502 not here");
      await say(session, "234 go ahead");
      return startTls(session);
    case "PROT":
      if (!session.isSecure) return say(session, "503 TLS first");
      session.isPrivate = argument === "P";
      return say(session, "200 fine");
    case "USER":
      session.user = argument;
      return say(session, "331 password?");
    case "PASS":
      session.loggedIn = isAccount(session, argument);
      return say(session, session.loggedIn ? "230 welcome" : "530 login incorrect");
    case "EPSV":
    case "PASV":
      return whenLoggedIn(session, () => enterPassive(session, verb));
    case "LIST":
    case "NLST":
    case "MLSD":
      return whenLoggedIn(session, () => send(session, options.list ?? LIST));
    case "RETR":
      return whenLoggedIn(session, () => send(session, options.file ?? "a file of the lab\r\n"));
    default:
      return say(session, (verb === "FEAT" ? features(session) : SIMPLE[verb]) ?? "502 not here");
  }
}

const SIMPLE: Readonly<Record<string, string>> = { NOOP: "200 fine", SYST: "215 UNIX Type: L8", PBSZ: "200 PBSZ=0", TYPE: "200 fine" };

const LIST = ["README", "pub"].map((name) => `-rw-r--r-- 1 lab lab 42 Nov 29 12:00 ${name}\r\n`).join("");

function features({ options, isSecure }: Session): string {
  const auth = options.tls === "starttls" && !isSecure ? [" AUTH TLS"] : [];
  const tls = options.tls === "none" ? [] : [" PBSZ", " PROT"];
  return ["211-Features:", " EPSV", " MLST type*;size*;modify*;", " UTF8", ...auth, ...tls, "211 End"].join("\r\n");
}

function isAccount({ user, options: { account = { username: "lab", password: "lab-password" } } }: Session, password: string): boolean {
  return user === "anonymous" || (user === account.username && password === account.password);
}

async function whenLoggedIn(session: Session, command: () => Promise<undefined>): Promise<undefined> {
  return session.loggedIn ? command() : say(session, "530 login first");
}

async function enterPassive(session: Session, verb: string): Promise<undefined> {
  await session.passive?.listener.close();
  let take: (socket: AcceptedSocket) => void = () => {};
  const accepted = new Promise<AcceptedSocket>((resolve) => {
    take = resolve;
  });
  const listener = await listen((socket) => take(socket), { host: session.peer.accepted.localAddress as string });
  session.passive = { listener, accepted };
  const { port } = listener;
  if (verb === "EPSV") return say(session, `229 Extended passive mode (|||${port}|)`);
  const address = (session.options.passiveAddress ?? "127.0.0.1").split(".").join(",");
  return say(session, `227 Passive mode (${address},${port >> 8},${port & 255})`);
}

async function send(session: Session, text: string): Promise<undefined> {
  const { options, passive } = session;
  if (passive === null) return say(session, "425 EPSV first");
  const plain = await passive.accepted;
  await say(session, "150 here it comes");
  if (options.onData !== undefined) options.onData(plain);
  else if (!(await deliver(session, plain, text))) return say(session, "522 the data connection must resume the TLS session");
  const completion = options.completion === undefined ? "226 done" : options.completion;
  return completion === null ? undefined : say(session, completion);
}

/** False when the client began a new TLS session where it has to resume one. */
async function deliver({ options, isPrivate, certificate, ticketKeys }: Session, plain: AcceptedSocket, text: string): Promise<boolean> {
  if (!isPrivate) {
    await ended(plain, text);
    return true;
  }
  const socket = serveTls(plain, certificate, { ...options.allowed, ticketKeys });
  const isSecure = await new Promise<boolean>((resolve) => {
    socket.once("secure", () => resolve(true));
    socket.once("close", () => resolve(false));
  });
  const isResumed = isSecure && socket.isSessionReused();
  if (options.requiresResumption === true && !isResumed) {
    socket.destroy();
    return false;
  }
  await ended(socket, text);
  return true;
}

/** Sends all of it, and waits until it has left or the client is gone. */
function ended(socket: AcceptedSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => socket.destroy());
    socket.once("close", () => resolve());
    socket.resume();
    socket.end(text, () => resolve());
  });
}

function startTls(session: Session): undefined {
  session.peer.startTls(session.certificate, { ...session.options.allowed, ticketKeys: session.ticketKeys });
  session.isSecure = true;
}

async function say({ peer, options }: Session, reply: string): Promise<undefined> {
  if (options.latencyMs !== undefined) await peer.pause(options.latencyMs);
  await peer.write(`${reply}\r\n`);
}
