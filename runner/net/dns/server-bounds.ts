import type { Rate } from "../../limits/limits.js";
import { TokenBucket } from "../../limits/token-bucket.js";
import { processWide } from "../../support/process-wide.js";
import { addressUse } from "../transport/address-policy.js";
import { MAX_IN_FLIGHT, PUBLIC_SERVER_RATE } from "./limits.js";
import type { ServerAddress } from "./server-address.js";

/** What one server may be asked at once and per second. */
export interface ServerBound {
  readonly inFlight: number;
  /** Null: as fast as it answers. */
  readonly rate: Rate | null;
}

/** A server of one's own answers as fast as it can; one of others counts the questions of each client, and drops those of busy ones. */
export function usualBound({ address }: ServerAddress): ServerBound {
  return { inFlight: MAX_IN_FLIGHT, rate: addressUse(address).scope === "global" ? PUBLIC_SERVER_RATE : null };
}

/** The bounds that all runs of this process share. */
export function serverBounds(): ServerBounds {
  return processWide("dns-server-bounds", () => new ServerBounds());
}

/** Bounds, for each name server, how many questions it has to answer at once and how many it gets per second. Questions beyond wait in their order. */
export class ServerBounds {
  readonly #queues = new Map<string, ServerQueue>();

  constructor(
    readonly boundOf: (server: ServerAddress) => ServerBound = usualBound,
    readonly now: () => number = () => performance.now(),
  ) {}

  place(server: ServerAddress): Place {
    return new Place(this.#queue(server));
  }

  #queue(server: ServerAddress): ServerQueue {
    const known = this.#queues.get(server.text);
    if (known !== undefined) return known;
    if (this.#queues.size >= MAX_SERVERS) for (const [text, queue] of this.#queues) if (queue.isIdle()) this.#queues.delete(text);
    const queue = new ServerQueue(this.boundOf(server), this.now);
    this.#queues.set(server.text, queue);
    return queue;
  }
}

/** A process may ask the name servers of many zones. */
const MAX_SERVERS = 1000;

/** The place of one question among those that a server has to answer. */
export class Place {
  #go: (() => void) | null = null;
  #isHeld = false;

  constructor(readonly queue: ServerQueue) {}

  /** Calls `go` as soon as the question may be sent: at once, if the server has room. */
  take(go: () => void): void {
    this.#go = go;
    this.queue.enter(this);
  }

  get isWanted(): boolean {
    return this.#go !== null;
  }

  admit(): void {
    const go = this.#go as () => void;
    this.#go = null;
    this.#isHeld = true;
    go();
  }

  /** The question is answered, or not wanted any more. */
  leave(): void {
    this.#go = null;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.queue.leave();
  }
}

class ServerQueue {
  #inFlight = 0;
  #waiting: Place[] = [];
  /** Places before this one have been admitted. */
  #next = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #bucket: TokenBucket | null;

  constructor(
    readonly bound: ServerBound,
    readonly now: () => number,
  ) {
    this.#bucket = bound.rate === null ? null : new TokenBucket(bound.rate, now());
  }

  enter(place: Place): void {
    this.#waiting.push(place);
    this.#admit();
  }

  leave(): void {
    this.#inFlight -= 1;
    this.#admit();
  }

  /** Nothing of it would be lost with it. */
  isIdle(): boolean {
    return this.#inFlight === 0 && this.#waiting.length === 0 && (this.#bucket?.isFull(this.now()) ?? true);
  }

  #admit(): void {
    while (this.#next < this.#waiting.length && this.#inFlight < this.bound.inFlight) {
      const place = this.#waiting[this.#next] as Place;
      if (place.isWanted) {
        const waitMs = this.#bucket?.waitMs(this.now()) ?? 0;
        if (waitMs > 0) {
          this.#admitIn(waitMs);
          return;
        }
        this.#bucket?.take(1, this.now());
        this.#inFlight += 1;
      }
      this.#next += 1;
      if (place.isWanted) place.admit();
    }
    this.#forgetAdmitted();
  }

  #admitIn(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#admit();
    }, Math.ceil(waitMs));
  }

  /** Without a copy for each question of a long queue. */
  #forgetAdmitted(): void {
    if (this.#next < this.#waiting.length && this.#next < 1024) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }
}
