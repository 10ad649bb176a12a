import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Failure } from "../../../schemas/failure.js";
import { FailureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Connection } from "../transport/connection.js";
import { tcpGrant } from "../transport/dial.js";
import { readSocksGreeting, readSocksRequest, SOCKS_METHOD, SOCKS_REPLY, SocksError, type SocksRequest, socksReply } from "./greeting.js";

export interface SocksPolicy {
  /** The run that a connection to this host belongs to: its deadline ends the connection, its address policy applies. */
  readonly run: (host: string) => WireRun;
  /** Why the host must not be connected to at all; null if it may. */
  readonly refuseHost: (host: string) => string | null;
  /** Why one of its addresses must not be; null if it may. */
  readonly refuseAddress: (host: string, address: string) => string | null;
  readonly connectTimeoutMs: number;
  /** Reading stops here, over all connections. */
  readonly maxBytes: number;
  readonly exceeded: () => void;
}

/** A browser keeps far fewer open. */
const MAX_CONNECTIONS = 256;
/** A greeting and a request with the longest name. */
const MAX_HANDSHAKE_BYTES = 1024;

/**
 * A SOCKS 5 proxy on the loopback for a browser: it connects where the policy of the run allows, and looks names up itself. So a page can
 * reach no address that a probe may not. It ends with close().
 */
export class SocksProxy {
  received = 0;
  sent = 0;
  /** Why connections failed, by host and port: a browser only learns that the proxy refused. */
  readonly failures = new Map<string, Failure>();
  readonly #server: Server;
  readonly #open = new Set<Tunnel>();

  private constructor(readonly policy: SocksPolicy) {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(policy: SocksPolicy): Promise<SocksProxy> {
    const proxy = new SocksProxy(policy);
    proxy.#server.listen({ host: "127.0.0.1", port: 0 });
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const tunnel of this.#open) tunnel.close();
  }

  failed({ host, port }: SocksRequest, failure: Failure): void {
    if (this.failures.size < MAX_CONNECTIONS) this.failures.set(`${host}:${port}`, failure);
  }

  count(received: number, sent: number): void {
    this.received += received;
    this.sent += sent;
    if (this.received > this.policy.maxBytes) this.policy.exceeded();
  }

  ended(tunnel: Tunnel): void {
    this.#open.delete(tunnel);
  }

  #accept(socket: Socket): void {
    if (this.#open.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    this.#open.add(new Tunnel(this, socket));
  }
}

/** One connection of the browser: its greeting, its request, then bytes in both directions. */
class Tunnel {
  #pending = Buffer.alloc(0);
  #hasGreeted = false;
  #upstream: Connection | null = null;
  /** The browser reads more slowly than the server sends. */
  #isHeld = false;

  constructor(
    readonly proxy: SocksProxy,
    readonly socket: Socket,
  ) {
    socket.setNoDelay(true);
    socket.on("error", () => this.close());
    socket.on("close", () => this.close());
    socket.on("data", (bytes) => this.#take(bytes));
  }

  close(): void {
    this.socket.destroy();
    this.#upstream?.close();
    this.proxy.ended(this);
  }

  #take(bytes: Buffer): void {
    if (this.#upstream !== null) {
      this.proxy.count(0, bytes.length);
      if (!this.#upstream.write(bytes)) this.#waitForUpstream(this.#upstream);
      return;
    }
    this.#pending = Buffer.concat([this.#pending, bytes]);
    try {
      this.#handshake();
    } catch (error) {
      if (!(error instanceof SocksError)) throw error;
      this.#refuse(error.reply);
    }
  }

  #handshake(): void {
    const step = this.#hasGreeted ? readSocksRequest(this.#pending) : readSocksGreeting(this.#pending);
    if (step === null) {
      if (this.#pending.length > MAX_HANDSHAKE_BYTES) this.close();
      return;
    }
    this.#pending = this.#pending.subarray(step.bytes);
    if (step.request === null) {
      this.#hasGreeted = true;
      this.socket.write(SOCKS_METHOD);
      if (this.#pending.length > 0) this.#handshake();
      return;
    }
    // Nothing follows until the reply.
    this.socket.pause();
    this.#connect(step.request).catch(() => this.close());
  }

  async #connect(request: SocksRequest): Promise<void> {
    const { host, port } = request;
    const { policy } = this.proxy;
    const refusal = policy.refuseHost(host);
    const target = { host, port, address_family: "any" as const, connect_timeout_ms: policy.connectTimeoutMs, isUntimed: true };
    try {
      if (refusal !== null)
        throw new FailureError({ phase: "connect", code: "not_permitted", message: refusal, reply_code: null, enhanced_code: null, retryable: false });
      const upstream = await tcpGrant(policy.run(host)).connect({ ...target, refuse: (address) => policy.refuseAddress(host, address) });
      if (this.socket.destroyed) upstream.close();
      else this.#join(upstream);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.proxy.failed(request, error.failure);
      this.#refuse(replyFor(error.failure));
    }
  }

  #join(upstream: Connection): void {
    this.#upstream = upstream;
    this.socket.write(socksReply(SOCKS_REPLY.succeeded));
    upstream.readBy({
      received: (text) => {
        this.proxy.count(text.length, 0);
        if (this.socket.write(text, "latin1") || this.#isHeld) return;
        this.#isHeld = true;
        upstream.socket.pause();
        this.socket.once("drain", () => {
          this.#isHeld = false;
          upstream.socket.resume();
        });
      },
      broken: () => this.socket.end(() => this.close()),
    });
    if (this.#pending.length > 0) upstream.write(this.#pending);
    this.socket.resume();
  }

  #waitForUpstream(upstream: Connection): void {
    this.socket.pause();
    upstream.drained().then(() => this.socket.resume());
  }

  #refuse(code: number): void {
    this.socket.end(socksReply(code));
  }
}

function replyFor({ code }: Failure): number {
  switch (code) {
    case "refused":
      return SOCKS_REPLY.refused;
    case "not_permitted":
      return SOCKS_REPLY.not_permitted;
    case "unreachable":
      return SOCKS_REPLY.network_unreachable;
    case "dns_not_found":
    case "dns_failure":
      return SOCKS_REPLY.host_unreachable;
    default:
      return SOCKS_REPLY.failed;
  }
}
