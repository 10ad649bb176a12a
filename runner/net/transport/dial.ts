import { connect, isIP, type Socket } from "node:net";
import { parseTarget } from "../../../schemas/host.js";
import type { Attempt, NetworkInput } from "../../../schemas/network.js";
import type { Operation } from "../../../schemas/operation.js";
import { monotonic, round } from "../../run/clock.js";
import type { EndReason, Watched } from "../../run/deadline.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import { arrivedAt } from "../../run/read-scheduler.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { startTimeout } from "../../run/timeout.js";
import type { Address } from "./address.js";
import { failureOf } from "./classify-error.js";
import { Connection } from "./connection.js";
import { notRefused, permittedAddresses } from "./permitted.js";
import { resolveHost } from "./resolve.js";
import { type NamedTarget, targetAddresses } from "./target-addresses.js";

/** RFC 8305, section 5: how long an address may be silent before the next is tried beside it. */
const NEXT_ATTEMPT_AFTER_MS = 250;

/** Every read of every connection lands here first: the callback copies it out before the next read can happen. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

export interface DialTarget extends Pick<NetworkInput, "address_family" | "source_address" | "resolver" | "connect_timeout_ms"> {
  host: string;
  port: number;
  /** Of an address: the name that the system's resolver gave it for. Whether the run may connect to it may depend on that. */
  name?: string;
  /** True for one of many connections that the probe times together: it is no operation of its own. */
  isUntimed?: boolean;
  /** Why an address must not be connected to, or null. An address that is refused is left out; if all are, the reason is the failure. */
  refuse?: (address: string) => string | null;
}

export interface TcpGrant {
  /** Tries every address of the target; each attempt is added to `attempts` as it is made, so that it survives a failure. */
  connect(target: DialTarget, attempts?: Attempt[]): Promise<Connection>;
  /** The addresses that a program of the system may connect to in our place. */
  addressesOf(target: NamedTarget): Promise<readonly Address[]>;
}

export function tcpGrant(state: WireRun): TcpGrant {
  return new Dialler(state);
}

class Dialler implements TcpGrant {
  readonly #state: WireRun;

  constructor(state: WireRun) {
    this.#state = state;
  }

  addressesOf(target: NamedTarget): Promise<readonly Address[]> {
    return targetAddresses(this.#state, target);
  }

  connect(target: DialTarget, attempts: Attempt[] = []): Promise<Connection> {
    const host = parseTarget(target.host);
    if (host === null) return Promise.reject(failureError("resolve", "not_permitted", `${JSON.stringify(target.host)} is not a host name or an IP address`));
    const giveUpAt = monotonic() + target.connect_timeout_ms;
    // An address from name servers that the input chose is no reason to allow it.
    const name = target.resolver === undefined ? (host.kind === "name" ? host.host : (target.name ?? null)) : null;
    const dial = (addresses: readonly Address[]): Promise<Connection> =>
      race(this.#state, target, notRefused(target.refuse, permittedAddresses(this.#state, addresses, name)), attempts, giveUpAt);
    if (host.kind !== "address") return resolveHost(this.#state, host, target, target.connect_timeout_ms).then(dial);
    try {
      return dial([{ address: host.host, family: host.family }]);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function race(state: WireRun, target: DialTarget, addresses: readonly Address[], attempts: Attempt[], giveUpAt: number): Promise<Connection> {
  const { source_address: source } = target;
  const usable = source === undefined ? addresses : addresses.filter((entry) => entry.family === isIP(source));
  if (usable.length === 0) return Promise.reject(failureError("connect", "unsupported", `the source address ${source} is of another family than the target`));
  return new Promise((resolve, reject) => new Race(state, target, usable, attempts, giveUpAt, resolve, reject).start());
}

/** One connect over all addresses: the next starts when one fails, or has been silent for a while; the first to connect wins. */
class Race implements Watched {
  readonly operation: Operation | null;
  #running: Runner[] = [];
  #next = 0;
  #lastFailure: FailureError | null = null;
  #stopWaiting: (() => void) | null = null;

  constructor(
    readonly state: WireRun,
    readonly target: DialTarget,
    readonly addresses: readonly Address[],
    readonly attempts: Attempt[],
    readonly dueAt: number,
    readonly resolve: (connection: Connection) => void,
    readonly reject: (error: FailureError) => void,
  ) {
    this.operation = target.isUntimed === true ? null : state.recorder.begin("connect");
  }

  start(): void {
    const { deadline } = this.state;
    // Its end may be here already, and then calls back at once.
    deadline.watch(this);
    if (deadline.reason === null) this.#startNext();
  }

  overdue(): void {
    this.#giveUp(failureError("connect", "timeout", `no connection within ${this.target.connect_timeout_ms} ms`));
  }

  ended(reason: EndReason): void {
    this.#giveUp(failureError("connect", reason, ENDED[reason]));
  }

  #startNext(): void {
    const address = this.addresses[this.#next++];
    if (address === undefined) return;
    const runner = new Runner(this, address.address);
    this.attempts.push(runner.attempt);
    if (this.#running.length === 0) this.#running = [runner];
    else this.#running.push(runner);
    if (this.#next < this.addresses.length) this.#stopWaiting = startTimeout(NEXT_ATTEMPT_AFTER_MS, () => this.#startNext());
  }

  won(runner: Runner): Connection {
    const at = arrivedAt(runner.beganAt);
    const { recorder } = this.state;
    const { socket } = runner;
    const { ip_address: address, port } = runner.attempt;
    runner.end(at, "connected", null);
    this.#running = this.#running.filter((each) => each !== runner);
    this.#stop(at);
    recorder.connected(address, at);
    if (recorder.trace !== null) recorder.note("note", `connected to ${address} port ${port}`, at);
    if (this.operation !== null) recorder.end(this.operation, null, `${address} ${port}`, at);
    const connection = new Connection(socket, address, port, this.state);
    this.resolve(connection);
    return connection;
  }

  lost(runner: Runner, error: NodeJS.ErrnoException): void {
    if (!this.#running.includes(runner)) return;
    runner.end(monotonic(), "failed", error.code ?? error.message);
    this.#running = this.#running.filter((each) => each !== runner);
    this.state.recorder.note("note", `no connection: ${error.message}`);
    this.#lastFailure = failureOf("connect", error);
    this.#stopWaiting?.();
    if (this.#next < this.addresses.length) this.#startNext();
    else if (this.#running.length === 0) this.#giveUp(this.#lastFailure);
  }

  #giveUp(error: FailureError): void {
    this.#stop(monotonic());
    if (this.operation !== null) this.state.recorder.end(this.operation);
    this.reject(error);
  }

  /** Removes every timer, listener and half-open socket. */
  #stop(at: number): void {
    this.#stopWaiting?.();
    this.state.deadline.unwatch(this);
    for (const runner of this.#running) {
      runner.end(at, "abandoned", null);
      runner.socket.destroy();
    }
    this.#running = [];
  }
}

const RUNNER = Symbol("runner");

/** A socket with the attempt that dialled it. */
interface DialledSocket extends Socket {
  [RUNNER]?: Runner;
}

/** One address of a race. It stays with its socket and forwards its events: to the race first, then to the connection. */
class Runner {
  readonly attempt: Attempt;
  readonly socket: DialledSocket;
  readonly beganAt = monotonic();
  /** Null once it is decided. */
  #race: Race | null;
  #connection: Connection | null = null;

  constructor(race: Race, address: string) {
    const { port, source_address: source } = race.target;
    this.#race = race;
    this.attempt = { ip_address: address, port, at_ms: round(this.beganAt - race.state.recorder.began), duration_ms: 0, outcome: "abandoned", error: null };
    const onread = { buffer: READ_BUFFER, callback: (size: number) => this.read(size) };
    this.socket = connect(
      source === undefined ? { host: address, port, noDelay: true, onread } : { host: address, port, localAddress: source, noDelay: true, onread },
    );
    this.socket[RUNNER] = this;
    // One function each for all sockets, called with the socket as `this`: thousands may be open at once.
    this.socket.on("connect", connected).on("error", failed).on("end", ended).on("close", closed);
  }

  end(at: number, outcome: Attempt["outcome"], error: string | null): void {
    this.attempt.duration_ms = round(at - this.beganAt);
    this.attempt.outcome = outcome;
    this.attempt.error = error;
  }

  connected(): void {
    this.#connection = this.#race?.won(this) ?? null;
    this.#race = null;
  }

  failed(error: NodeJS.ErrnoException): void {
    if (this.#connection !== null) this.#connection.takeEnd(error);
    else this.#race?.lost(this, error);
  }

  ended(): void {
    this.#connection?.takeEnd(null);
  }

  /** The socket may stay in memory for long: see handshake.ts. */
  closed(): void {
    this.ended();
    this.#connection = null;
    this.#race = null;
  }

  read(size: number): boolean {
    return this.#connection?.take(READ_BUFFER.toString("latin1", 0, size)) ?? true;
  }
}

function connected(this: DialledSocket): void {
  this[RUNNER]?.connected();
}

function failed(this: DialledSocket, error: Error): void {
  this[RUNNER]?.failed(error);
}

function ended(this: DialledSocket): void {
  this[RUNNER]?.ended();
}

function closed(this: DialledSocket): void {
  this[RUNNER]?.closed();
}
