import { createSocket, type Socket } from "node:dgram";
import type { Phase } from "../../../schemas/failure.js";
import { monotonic } from "../../run/clock.js";
import type { EndReason, Watched } from "../../run/deadline.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import type { Address } from "../transport/address.js";
import { failureOf } from "../transport/classify-error.js";
import { type NamedTarget, targetAddresses } from "../transport/target-addresses.js";

/** Datagrams that are no reply, after which an exchange fails: a peer must not keep it busy until its timeout. */
const MAX_FOREIGN = 64;

export interface UdpTarget extends NamedTarget {
  readonly port: number;
}

export interface UdpReply<Reply> {
  readonly reply: Reply;
  /** On the monotonic clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface Exchange<Reply> {
  /** The operation that it is recorded as. */
  readonly name: string;
  /** The phase of its failures. */
  readonly phase: Phase;
  /** Made when it is sent, so that a protocol may put the time into it. */
  readonly query: () => Buffer;
  /** The reply in a datagram, or null for one that is no reply to this query. Throws a FailureError for one that breaks the protocol. */
  readonly read: (datagram: Buffer) => Reply | null;
  readonly timeoutMs: number;
}

export interface UdpGrant {
  /** Looks up the target. Nothing is sent to it yet. */
  peer(target: UdpTarget): Promise<UdpPeer>;
}

export function udpGrant(run: WireRun): UdpGrant {
  return { peer: async (target) => new UdpPeer(run, target, await targetAddresses(run, target)) };
}

/** A host that is asked by datagrams, each exchange on a connected socket of its own: a closed port is reported at once. */
export class UdpPeer {
  #answered = false;
  #addresses: readonly Address[];

  constructor(
    readonly run: WireRun,
    readonly target: UdpTarget,
    addresses: readonly Address[],
  ) {
    this.#addresses = addresses;
  }

  /** The address that is asked. */
  get address(): string {
    return (this.#addresses[0] as Address).address;
  }

  /** Sends a datagram and waits for its reply. Until one came, an address that cannot be reached is replaced by the next. */
  async ask<Reply>(exchange: Exchange<Reply>): Promise<UdpReply<Reply>> {
    const { recorder } = this.run;
    const operation = recorder.begin(exchange.name);
    try {
      const answer = await this.#askAddresses(exchange);
      this.#answered = true;
      recorder.end(operation, null, `${answer.bytes} bytes`, answer.receivedAt);
      return answer;
    } catch (error) {
      recorder.end(operation);
      throw error;
    }
  }

  async #askAddresses<Reply>(exchange: Exchange<Reply>): Promise<Answered<Reply>> {
    const { recorder } = this.run;
    for (;;) {
      recorder.ipAddress ??= this.address;
      try {
        return await this.#askOnce(exchange);
      } catch (error) {
        if (this.#answered || this.#addresses.length === 1 || !isElsewhere(error)) throw error;
        this.#addresses = this.#addresses.slice(1);
        recorder.ipAddress = this.address;
      }
    }
  }

  #askOnce<Reply>(exchange: Exchange<Reply>): Promise<Answered<Reply>> {
    return new Promise((resolve, reject) => new Asking(this, exchange, resolve, reject).start(this.#addresses[0] as Address));
  }
}

type Answered<Reply> = UdpReply<Reply> & { readonly bytes: number };

/** Another address may answer. Anything that is no failure of the network is a bug, and is thrown. */
function isElsewhere(error: unknown): boolean {
  return error instanceof FailureError && (error.failure.code === "refused" || error.failure.code === "unreachable");
}

/** One datagram to one address, and the wait for its reply. */
class Asking<Reply> implements Watched {
  dueAt: number;
  #socket: Socket | null = null;
  #sentAt = 0;
  #foreign = 0;

  constructor(
    readonly peer: UdpPeer,
    readonly exchange: Exchange<Reply>,
    readonly resolve: (reply: Answered<Reply>) => void,
    readonly reject: (error: unknown) => void,
  ) {
    this.dueAt = monotonic() + exchange.timeoutMs;
  }

  start({ address, family }: Address): void {
    const { run, target } = this.peer;
    run.deadline.watch(this);
    if (run.deadline.reason !== null) return;
    const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", lookup: unchanged });
    this.#socket = socket;
    socket.on("message", (datagram) => this.#received(datagram, monotonic()));
    socket.on("error", (error) => this.#finish(() => this.reject(failureOf(this.exchange.phase, error))));
    socket.on("connect", () => this.#send(socket));
    if (target.source_address === undefined) socket.connect(target.port, address);
    else socket.bind({ address: target.source_address }, () => socket.connect(target.port, address));
  }

  overdue(): void {
    this.#finish(() => this.reject(failureError(this.exchange.phase, "timeout", `no answer within ${this.exchange.timeoutMs} ms`)));
  }

  ended(reason: EndReason): void {
    this.#finish(() => this.reject(failureError(this.exchange.phase, reason, ENDED[reason])));
  }

  #send(socket: Socket): void {
    const query = this.exchange.query();
    this.#sentAt = monotonic();
    this.peer.run.recorder.note("sent", `${query.length} bytes to ${this.peer.address} port ${this.peer.target.port}`, this.#sentAt);
    socket.send(query, (error) => {
      if (error !== null) this.#finish(() => this.reject(failureOf(this.exchange.phase, error)));
    });
  }

  #received(datagram: Buffer, at: number): void {
    this.peer.run.recorder.note("received", `${datagram.length} bytes`, at);
    try {
      const reply = this.exchange.read(datagram);
      if (reply !== null) this.#finish(() => this.resolve({ reply, sentAt: this.#sentAt, receivedAt: at, bytes: datagram.length }));
      else if (++this.#foreign === MAX_FOREIGN) throw failureError(this.exchange.phase, "limit_exceeded", `${MAX_FOREIGN} datagrams, and none is the reply`);
    } catch (error) {
      this.#finish(() => this.reject(error));
    }
  }

  #finish(settle: () => void): void {
    const socket = this.#socket;
    this.dueAt = 0;
    this.peer.run.deadline.unwatch(this);
    if (socket !== null) {
      this.#socket = null;
      socket.removeAllListeners().on("error", () => undefined);
      socket.close();
    }
    settle();
  }
}

/** The address is known: there is nothing to look up. */
function unchanged(address: string, _options: unknown, callback: (error: null, address: string, family: number) => void): void {
  process.nextTick(callback, null, address, address.includes(":") ? 6 : 4);
}
