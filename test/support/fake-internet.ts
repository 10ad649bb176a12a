import { createSecureContext, TLSSocket } from "node:tls";
import { type DnsServer, type DnsServerOptions, startDnsServer } from "../../runner/lab/dns-server.js";
import { type AcceptedSocket, type Certificate, type Listener, listen, serveTls } from "../../runner/net/transport/listen.js";
import { allCertificates } from "./certificates.js";

export type Step = "connect" | "greeting" | "ehlo" | "starttls" | "mail" | "rcpt" | "data" | "body" | "dot";

/** What a mail host does. Everything may be left out: then it takes all mail. A reply that is null is none: the host hangs up instead. */
export interface MxBehaviour {
  readonly greeting?: (connection: number) => string | null;
  readonly ehlo?: string;
  readonly capabilities?: readonly string[];
  /** broken: says 220 and then no TLS. refused: offers it, and says no. */
  readonly tls?: "good" | "broken" | "refused";
  /** The name of one in fixtures/certificates, or another. */
  readonly certificate?: string | Certificate;
  readonly maxTlsVersion?: "TLSv1.2";
  readonly mail?: (line: string, connection: number) => string | null;
  readonly rcpt?: (address: string, connection: number) => string | null;
  readonly data?: (connection: number) => string | null;
  readonly end?: (message: FakeMessage, connection: number) => string | null;
  /** Closes the connection at this step. */
  readonly dropsAt?: Step;
  /** Falls silent there. */
  readonly silentAt?: Step;
  /** Greets further simultaneous sessions with 421. */
  readonly mostSessions?: number;
  /** Of each answer. */
  readonly latencyMs?: number;
}

export interface FakeMessage {
  readonly from: string;
  readonly to: readonly string[];
  /** The message as it was sent, without its doubled dots. */
  readonly text: string;
  readonly isSecure: boolean;
}

export interface FakeMx {
  readonly name: string;
  readonly address: string;
  readonly connections: readonly (readonly string[])[];
  readonly messages: readonly FakeMessage[];
  readonly openSockets: number;
  readonly mostAtOnce: number;
  /** Ends all connections, and goes on taking new ones. */
  hangUp(): void;
}

/** A host by its name, with the address it has on the loopback. Null: nothing listens there. */
export type FakeHosts = Readonly<Record<string, readonly [address: string, behaviour: MxBehaviour | null]>>;

export interface FakeInternet {
  readonly port: number;
  readonly servers: readonly string[];
  readonly questions: readonly { name: string; type: string }[];
  host(name: string): FakeMx;
  close(): Promise<void>;
}

/**
 * An internet of its own on the loopback: a name server with these zone lines (under `example.`), and mail hosts that all listen at one port of
 * different addresses, as the real ones do.
 */
export async function startFakeInternet(zone: string, hosts: FakeHosts, names: Partial<DnsServerOptions> = {}): Promise<FakeInternet> {
  const addresses = Object.entries(hosts).map(([name, [address]]) => `${name} A ${address}`);
  const text = `$ORIGIN example.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n${zone}\n${addresses.join("\n")}\n`;
  const dns = await startNewDnsServer({ zones: [text], ...names });
  const open: Host[] = [];
  let port = 0;
  for (const [name, [address, behaviour]] of Object.entries(hosts)) {
    if (behaviour === null) continue;
    const host = new Host(name, address, behaviour);
    await host.listen(port);
    port = host.port;
    open.push(host);
  }
  return {
    port,
    servers: dns.servers,
    questions: dns.questions,
    host(name) {
      const found = open.find((each) => each.name === name);
      if (found === undefined) throw new Error(`the fake internet has no host ${name}`);
      return found;
    },
    async close() {
      await Promise.all([dns.close(), ...open.map((each) => each.close())]);
    },
  };
}

const usedDnsPorts = new Set<number>();

/** At a port that no other internet of this process had: what was learned there is remembered for as long as its records say. */
async function startNewDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  for (;;) {
    const server = await startDnsServer(options);
    if (!usedDnsPorts.has(server.port)) {
      usedDnsPorts.add(server.port);
      return server;
    }
    await server.close();
  }
}

const CAPABILITIES = ["PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN"];

class Host implements FakeMx {
  readonly connections: string[][] = [];
  readonly messages: FakeMessage[] = [];
  mostAtOnce = 0;
  readonly #sockets = new Set<AcceptedSocket>();
  readonly #admitted = new Set<AcceptedSocket>();
  #listener: Listener | null = null;

  constructor(
    readonly name: string,
    readonly address: string,
    readonly behaviour: MxBehaviour,
  ) {}

  async listen(port: number): Promise<void> {
    this.#listener = await listen((socket) => this.#accept(socket), { host: this.address, port });
  }

  get port(): number {
    return (this.#listener as Listener).port;
  }

  get openSockets(): number {
    return (this.#listener as Listener).openSockets;
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: AcceptedSocket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    this.mostAtOnce = Math.max(this.mostAtOnce, this.openSockets);
    const commands: string[] = [];
    this.connections.push(commands);
    new Talk(this, socket, commands, this.connections.length).begin(this.#admits(socket));
  }

  #admits(socket: AcceptedSocket): boolean {
    if (this.#admitted.size >= (this.behaviour.mostSessions ?? Number.POSITIVE_INFINITY)) return false;
    this.#admitted.add(socket);
    socket.on("close", () => this.#admitted.delete(socket));
    return true;
  }
}

/** One connection. */
class Talk {
  #rest = "";
  #busy = Promise.resolve();
  #isSecure = false;
  #isSilent = false;
  #from = "";
  #hasSender = false;
  #to: string[] = [];
  #body: string[] | null = null;

  constructor(
    readonly host: Host,
    public socket: AcceptedSocket,
    readonly commands: string[],
    readonly connection: number,
  ) {}

  begin(isAdmitted: boolean): void {
    const { behaviour, name } = this.host;
    if (behaviour.dropsAt === "connect") return void this.socket.destroy();
    this.#listenTo(this.socket);
    if (!isAdmitted) return void this.#reply("greeting", "421 4.7.0 Too many concurrent connections");
    this.#busy = this.#busy.then(() => this.#reply("greeting", (behaviour.greeting ?? (() => `220 ${name}.example ESMTP`))(this.connection)));
  }

  #listenTo(socket: AcceptedSocket): void {
    socket.on("data", (bytes: Buffer) => {
      const lines = (this.#rest + bytes.toString("latin1")).split("\r\n");
      this.#rest = lines.pop() as string;
      this.#busy = this.#busy.then(() => this.#lines(lines));
    });
    socket.on("end", () => socket.end());
    socket.on("error", () => socket.destroy());
  }

  async #lines(lines: readonly string[]): Promise<void> {
    // A message has many, and none but its last waits for anything.
    for (const line of lines) if (!this.#keeps(line)) await this.#line(line);
  }

  /** Whether this was a line of a message. */
  #keeps(line: string): boolean {
    if (this.#body === null || line === "." || this.socket.destroyed) return false;
    this.#body.push(line.startsWith(".") ? line.slice(1) : line);
    if (this.host.behaviour.dropsAt === "body") this.socket.destroy();
    return true;
  }

  async #line(line: string): Promise<void> {
    if (this.socket.destroyed) return;
    if (this.#body !== null) return this.#endOfMessage(this.#body);
    this.commands.push(line);
    const { behaviour, name } = this.host;
    const verb = line.slice(0, 4).toUpperCase();
    const { connection } = this;
    if (verb === "EHLO" || verb === "HELO") await this.#reply("ehlo", this.#ehlo(behaviour.ehlo ?? `${name}.example`));
    else if (verb === "STAR") await this.#starttls();
    else if (verb === "MAIL") {
      this.#from = /<(.*?)>/.exec(line)?.[1] ?? "";
      this.#to = [];
      const reply = (behaviour.mail ?? accept)(line, connection);
      this.#hasSender = reply?.startsWith("2") ?? false;
      await this.#reply("mail", reply);
    } else if (verb === "RCPT" && !this.#hasSender) await this.#reply("rcpt", "503 5.5.1 need MAIL first");
    else if (verb === "RCPT") {
      const address = /<(.*?)>/.exec(line)?.[1] ?? "";
      const reply = (behaviour.rcpt ?? accept)(address, connection);
      if (reply?.startsWith("2")) this.#to.push(address);
      await this.#reply("rcpt", reply);
    } else if (verb === "DATA") await this.#data();
    else if (verb === "RSET") await this.#reply(null, "250 2.0.0 OK");
    else if (verb === "QUIT") {
      await this.#reply(null, "221 2.0.0 bye");
      this.socket.end();
    } else await this.#reply(null, "500 5.5.2 what?");
  }

  #ehlo(name: string): string {
    const { capabilities = CAPABILITIES, tls } = this.host.behaviour;
    return [name, ...capabilities, ...(tls !== undefined && !this.#isSecure ? ["STARTTLS"] : [])]
      .map((word, index, all) => `250${index < all.length - 1 ? "-" : " "}${word}`)
      .join("\r\n");
  }

  async #starttls(): Promise<void> {
    const { tls, certificate = "default", maxTlsVersion } = this.host.behaviour;
    if (tls === "refused") return this.#reply("starttls", "454 4.7.0 not now");
    await this.#reply("starttls", "220 2.0.0 go ahead");
    if (tls === "broken") return void this.socket.end("this is no TLS\r\n");
    this.socket.removeAllListeners("data");
    const own = typeof certificate === "string" ? (allCertificates()[certificate] as Certificate) : certificate;
    this.socket = maxTlsVersion === undefined ? serveTls(this.socket, own) : serveOldTls(this.socket, own, maxTlsVersion);
    this.#isSecure = true;
    this.#listenTo(this.socket);
  }

  async #data(): Promise<void> {
    const reply = this.#to.length === 0 ? "554 5.5.1 no valid recipients" : (this.host.behaviour.data ?? (() => "354 go ahead"))(this.connection);
    if (reply?.startsWith("354")) this.#body = [];
    await this.#reply("data", reply);
  }

  async #endOfMessage(body: readonly string[]): Promise<void> {
    const { behaviour, messages } = this.host;
    this.#body = null;
    const message = { from: this.#from, to: this.#to, text: body.map((each) => `${each}\r\n`).join(""), isSecure: this.#isSecure };
    const reply = (behaviour.end ?? (() => `250 2.0.0 OK queued as ${messages.length + 1}`))(message, this.connection);
    if (reply === null || reply.startsWith("2")) messages.push(message);
    await this.#reply("dot", reply);
  }

  async #reply(step: Step | null, reply: string | null): Promise<void> {
    const { behaviour } = this.host;
    if (step !== null && behaviour.silentAt === step) this.#isSilent = true;
    if (this.#isSilent) return;
    if (behaviour.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, behaviour.latencyMs));
    if (reply === null || (step !== null && behaviour.dropsAt === step)) return void this.socket.destroy();
    if (this.socket.writable) this.socket.write(`${reply}\r\n`);
    if (reply.startsWith("421")) this.socket.end();
  }
}

function serveOldTls(socket: AcceptedSocket, { certificate, key }: Certificate, maxVersion: "TLSv1.2"): AcceptedSocket {
  const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert: certificate, key, maxVersion }) });
  secure.on("error", () => secure.destroy());
  return secure;
}

function accept(): string {
  return "250 2.1.0 OK";
}

/** For a greylisting host: the first attempt of each address is deferred. */
export function greylisting(): (address: string) => string {
  const seen = new Set<string>();
  return (address) => {
    if (seen.has(address)) return "250 2.1.5 OK";
    seen.add(address);
    return "450 4.2.0 Greylisted for 300 seconds";
  };
}
