import { connect, isIP, type Socket } from "node:net";
import { parseHost } from "../../schemas/host.js";
import type { Attempt, NetworkInput } from "../../schemas/network.js";
import { monotonic, round } from "../clock.js";
import { ENDED, type RunState } from "../context.js";
import { type FailureError, fail } from "../failure-error.js";
import { failureOf } from "./classify.js";
import { Connection } from "./connection.js";
import { type Address, resolveHost } from "./resolve.js";

/** RFC 8305, section 5: how long an address may be silent before the next is tried beside it. */
const NEXT_ATTEMPT_AFTER_MS = 250;

/** Every read of every connection lands here first: the callback copies it out before the next read can happen. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

export interface DialTarget extends Pick<NetworkInput, "address_family" | "source_address" | "resolver" | "connect_timeout_ms"> {
  host: string;
  port: number;
}

export interface TcpGrant {
  /** The run's state, for the wire clients of runner/net. */
  readonly state: RunState;
  /** Tries every address of the target; each attempt is added to `attempts` as it is made, so that it survives a failure. */
  connect(target: DialTarget, attempts?: Attempt[]): Promise<Connection>;
}

export function tcpGrant(state: RunState): TcpGrant {
  return { state, connect: (target, attempts = []) => dial(state, target, attempts) };
}

async function dial(state: RunState, target: DialTarget, attempts: Attempt[]): Promise<Connection> {
  const host = parseHost(target.host);
  if (host === null) throw fail("resolve", "not_permitted", `${JSON.stringify(target.host)} is not a host name or an IP address`);
  const giveUpAt = monotonic() + target.connect_timeout_ms;
  const addresses = await resolveHost(state, host, target, target.connect_timeout_ms);
  const usable = target.source_address === undefined ? addresses : addresses.filter((entry) => entry.family === isIP(target.source_address as string));
  if (usable.length === 0) throw fail("connect", "unsupported", `the source address ${target.source_address} is of another family than the target`);
  return new Race(state, target, usable, attempts).run(Math.max(1, giveUpAt - monotonic()));
}

/** One connect over all addresses: the next starts when one fails, or has been silent for a while; the first to connect wins. */
class Race {
  readonly #running = new Map<Socket, { attempt: Attempt; beganAt: number }>();
  #next = 0;
  #wonAt = 0;
  #lastFailure: FailureError | null = null;
  #timers: NodeJS.Timeout[] = [];
  #forget: () => void = () => {};
  #settle!: { resolve: (connection: Connection) => void; reject: (error: FailureError) => void };

  constructor(
    readonly state: RunState,
    readonly target: DialTarget,
    readonly addresses: readonly Address[],
    readonly attempts: Attempt[],
  ) {}

  async run(timeoutMs: number): Promise<Connection> {
    const { recorder, deadline } = this.state;
    const operation = recorder.begin("connect");
    try {
      const connection = await new Promise<Connection>((resolve, reject) => {
        this.#settle = { resolve, reject };
        // Its end may be here already, and then calls back at once: what gives up must find the timer.
        this.#timers.push(setTimeout(() => this.#giveUp(fail("connect", "timeout", `no connection within ${Math.round(timeoutMs)} ms`)), timeoutMs));
        this.#forget = deadline.onEnd((reason) => this.#giveUp(fail("connect", reason, ENDED[reason])));
        if (deadline.reason === null) this.#startNext();
      });
      recorder.end(operation, null, `${connection.remoteAddress} ${connection.remotePort}`, this.#wonAt);
      return connection;
    } catch (error) {
      recorder.end(operation);
      throw error;
    }
  }

  #startNext(): void {
    const address = this.addresses[this.#next++];
    if (address === undefined) return;
    const { recorder } = this.state;
    const beganAt = monotonic();
    const attempt: Attempt = {
      ip_address: address.address,
      port: this.target.port,
      at_ms: round(beganAt - recorder.began),
      duration_ms: 0,
      outcome: "abandoned",
      error: null,
    };
    this.attempts.push(attempt);
    let connection: Connection | null = null;
    const socket = connect({
      host: address.address,
      port: this.target.port,
      ...(this.target.source_address === undefined ? {} : { localAddress: this.target.source_address }),
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (size, buffer) => connection?.take((buffer as Buffer).toString("latin1", 0, size), monotonic()) ?? true },
    });
    this.#running.set(socket, { attempt, beganAt });
    socket.on("connect", () => {
      connection = this.#won(socket, address);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (connection !== null) connection.takeEnd(error);
      else this.#lost(socket, error);
    });
    socket.on("end", () => connection?.takeEnd(null));
    socket.on("close", () => connection?.takeEnd(null));
    if (this.#next < this.addresses.length) {
      const started = this.#next;
      this.#timers.push(
        setTimeout(() => {
          if (this.#next === started) this.#startNext();
        }, NEXT_ATTEMPT_AFTER_MS),
      );
    }
  }

  #won(socket: Socket, address: Address): Connection {
    const at = monotonic();
    this.#wonAt = at;
    this.#end(socket, at, "connected", null);
    this.#stop(at);
    const { recorder, deadline } = this.state;
    recorder.connected(address.address, at);
    recorder.note("note", `connected to ${address.address} port ${this.target.port}`, at);
    const connection = new Connection(socket, address.address, this.target.port, deadline);
    this.#settle.resolve(connection);
    return connection;
  }

  #lost(socket: Socket, error: NodeJS.ErrnoException): void {
    if (!this.#running.has(socket)) return;
    this.#end(socket, monotonic(), "failed", error.code ?? error.message);
    this.state.recorder.note("note", `no connection: ${error.message}`);
    this.#lastFailure = failureOf("connect", error);
    if (this.#next < this.addresses.length) this.#startNext();
    else if (this.#running.size === 0) this.#giveUp(this.#lastFailure);
  }

  #giveUp(error: FailureError): void {
    this.#stop(monotonic());
    this.#settle.reject(error);
  }

  #end(socket: Socket, at: number, outcome: Attempt["outcome"], error: string | null): void {
    const running = this.#running.get(socket);
    if (running === undefined) return;
    this.#running.delete(socket);
    Object.assign(running.attempt, { duration_ms: round(at - running.beganAt), outcome, error });
  }

  /** Leaves no timer, no listener and no half-open socket behind. */
  #stop(at: number): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#forget();
    for (const socket of [...this.#running.keys()]) {
      this.#end(socket, at, "abandoned", null);
      socket.destroy();
    }
  }
}
