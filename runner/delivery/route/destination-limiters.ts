import type { DeliveryWay } from "../../../schemas/delivery-route.js";
import type { SessionPool } from "../../mail-sites/session-pool.js";
import { PRIORITIES, type Priority } from "../message/priority.js";
import { DestinationLimiter, type DestinationLimits } from "../session/destination-limiter.js";

const MAX_LIMITERS = 10_000;

/** The load of one route: sessions in use, sessions kept open, and waiting messages by priority. */
export interface Load {
  busy: number;
  idle: number;
  readonly waiting: Record<Priority, number>;
}

/** The limiters of all destinations, by source address. */
export class DestinationLimiters {
  readonly #limiters = new Map<string, DestinationLimiter>();

  constructor(readonly pool: SessionPool) {}

  get size(): number {
    return this.#limiters.size;
  }

  get(way: DeliveryWay, destination: string, sourceAddress: string | null, limits: DestinationLimits): DestinationLimiter {
    const name = `${destination}${sourceAddress === null ? "" : ` from ${sourceAddress}`}`;
    const known = this.#limiters.get(name);
    if (known !== undefined) {
      known.limits = limits;
      return known;
    }
    if (this.#limiters.size >= MAX_LIMITERS) this.#forgetUnused();
    const limiter = new DestinationLimiter(way, name, limits, this.pool);
    this.#limiters.set(name, limiter);
    return limiter;
  }

  load(): Record<DeliveryWay, Load> {
    const load = { direct: noLoad(), relay: noLoad() };
    for (const limiter of this.#limiters.values()) {
      const own = load[limiter.way];
      own.busy += limiter.busy;
      own.idle += limiter.idle;
      for (const priority of Object.values(PRIORITIES)) own.waiting[priority] += limiter.waitingAt(priority);
    }
    return load;
  }

  close(): void {
    for (const limiter of this.#limiters.values()) limiter.close();
  }

  #forgetUnused(): void {
    for (const [name, limiter] of this.#limiters) if (limiter.isUnused && limiter.pause === null) this.#limiters.delete(name);
  }
}

function noLoad(): Load {
  return { busy: 0, idle: 0, waiting: { 0: 0, 1: 0, 2: 0 } };
}
