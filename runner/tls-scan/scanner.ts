import type { Attempt } from "../../schemas/network.js";
import { askHello, type HelloReply } from "../net/tls-hello/ask.js";
import type { Offer } from "../net/tls-hello/client-hello.js";
import type { Connection } from "../net/transport/connection.js";
import { FailureError } from "../run/failure-error.js";

/** A question that was not answered, though the server may well offer what it asked for. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** Runs STARTTLS, if the protocol has it, up to the point at which a ClientHello may be sent. */
export interface ScannerOptions {
  open(attempts: Attempt[]): Promise<Connection>;
  readonly parallel: number;
  /** Connections that may be made, in all. */
  readonly budget: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks one server many questions, each over its own connection, with a limit of parallel connections. */
export class Scanner {
  /** The connections of the first question; later ones are alike and only counted. */
  readonly attempts: Attempt[] = [];
  connections = 0;
  /** An offer that the server took before: it answers this one as long as it answers anything. */
  #knownGood: Offer | null = null;
  #running = 0;
  /** The first connection: the others wait for it, and go to the address that it found. */
  #first: Promise<unknown> | null = null;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly options: ScannerOptions) {}

  /** The server's hello, or null when it refuses the offer. Throws Unanswered if neither can be determined. */
  async ask(offer: Offer): Promise<Extract<HelloReply, { kind: "hello" }> | null> {
    const reply = await this.#reply(offer);
    if (reply.kind === "hello") {
      this.#knownGood ??= offer;
      return reply;
    }
    if (reply.kind === "alert") return null;
    return this.#afterDrop(offer, reply.why);
  }

  /** The bare reply, with the alert that refused it. The caller distinguishes dropped connections. */
  async reply(offer: Offer): Promise<HelloReply> {
    const reply = await this.#reply(offer);
    if (reply.kind === "hello") this.#knownGood ??= offer;
    return reply;
  }

  /** A server that ends the connection instead of sending an alert refuses too, but only while it still answers other offers. */
  async #afterDrop(offer: Offer, why: string): Promise<Extract<HelloReply, { kind: "hello" }> | null> {
    const again = await this.#reply(offer);
    if (again.kind === "hello") return again;
    if (again.kind === "alert") return null;
    if (this.#knownGood === null) throw new Unanswered(why);
    const control = await this.#reply(this.#knownGood);
    if (control.kind === "hello") return null;
    throw new Unanswered(`the server stopped answering: ${why}`);
  }

  async #reply(offer: Offer): Promise<HelloReply> {
    return this.withConnection((connection) => askHello(connection, offer, this.options.timeoutMs));
  }

  /** Opens one connection within the budget and closes it afterwards. */
  async withConnection<Result>(use: (connection: Connection) => Promise<Result>): Promise<Result> {
    await this.#enter();
    try {
      const connection = await this.#open();
      try {
        return await use(connection);
      } finally {
        connection.close();
      }
    } finally {
      this.#leave();
    }
  }

  async #open(): Promise<Connection> {
    this.options.signal.throwIfAborted();
    if (this.connections >= this.options.budget) throw new Unanswered(`the budget of ${this.options.budget} connections is used up`);
    const isFirst = this.connections === 0;
    this.connections += 1;
    try {
      if (!isFirst) {
        await this.#first;
        return await this.options.open([]);
      }
      const opening = this.options.open(this.attempts);
      this.#first = opening.catch(() => null);
      return await opening;
    } catch (error) {
      // The first failure is the run's. A later one says that this server takes no more connections.
      if (isFirst || !(error instanceof FailureError) || this.options.signal.aborted) throw error;
      throw new Unanswered(error.failure.message);
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.options.parallel) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
