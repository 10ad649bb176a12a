import { LedgerAt } from "./ledger/lazy-ledger.js";
import { tellTwins, twinsOf } from "./message/duplicate-recipients.js";
import type { Order } from "./message/outbound-message.js";
import { RANKS, type Rank } from "./message/priority.js";
import { isOpen } from "./message/recipient.js";
import { keepBounces, withhold } from "./route/apply-suppressions.js";
import type { Destination } from "./route/destination.js";
import { Routes } from "./route/route.js";
import { Learning } from "./route/route-statistics.js";
import { MODES } from "./route/routing-modes.js";
import { TlsPolicies } from "./route/tls-policies.js";
import { Lane, type LaneLimits } from "./session/destination-limiter.js";
import { Gate } from "./session/open-semaphore.js";
import { Pool } from "./session/pool.js";
import type { PooledSession } from "./session/pooled-session.js";

/** What all deliveries of a process share: the lanes of their destinations, open sessions, and what is known of routes. */
export class Engine {
  readonly gate = new Gate();
  readonly pool = new Pool();
  readonly routes = new Routes();
  readonly tls = new TlsPolicies();
  readonly learning = new Learning();
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Map<string, number>();

  constructor(readonly ledger: LedgerAt = new LedgerAt(null)) {}

  /** Brings a message to its recipients as far as this can be done now. Afterwards each of them has its decision. */
  async deliver(order: Order): Promise<void> {
    withhold(this.ledger, order);
    const twins = twinsOf(order.recipients);
    const open = order.recipients.filter((recipient) => isOpen(recipient) && !twins.has(recipient));
    try {
      await MODES[order.manners.mode](this, order, open);
    } finally {
      tellTwins(twins);
    }
    keepBounces(this.ledger, order, open);
  }

  lane(name: string, limits: LaneLimits): Lane {
    const known = this.#lanes.get(name);
    if (known !== undefined) {
      known.limits = limits;
      return known;
    }
    if (this.#lanes.size >= MOST_LANES) this.#forgetUnused();
    const lane = new Lane(name, limits);
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Source addresses take turns, at each destination on its own. Null: the system chooses. */
  sourceFor({ manners: { source_addresses: sources } }: Order, site: string | null): string | null {
    if (sources.length <= 1) return sources[0] ?? null;
    const turn = this.#turns.get(site ?? "") ?? 0;
    this.#turns.set(site ?? "", turn + 1);
    return sources[turn % sources.length] as string;
  }

  /** A session that an order has finished with: kept for the next, or ended. */
  async release(order: Order, { lane }: Destination, pooled: PooledSession): Promise<void> {
    if (!pooled.isUsable) return pooled.close();
    const { idle_ms: idleMs } = order.manners.limits;
    if (pooled.used >= lane.limits.messagesPerSession) pooled.leaveBehind();
    else if (idleMs > 0 || lane.waiting > 0) this.pool.keep(lane, pooled, idleMs);
    else await pooled.leave();
  }

  /** What goes on just now, over all destinations. */
  load(): { busy: number; idle: number; waiting: Record<Rank, number>; lanes: number } {
    const load = { busy: 0, idle: 0, waiting: { 0: 0, 1: 0, 2: 0 }, lanes: this.#lanes.size };
    for (const lane of this.#lanes.values()) {
      load.busy += lane.busy;
      load.idle += lane.idle.length;
      for (const rank of Object.values(RANKS)) load.waiting[rank] += lane.waitingAt(rank);
    }
    return load;
  }

  close(): void {
    this.pool.close();
    this.tls.close();
    this.ledger.close();
    for (const lane of this.#lanes.values()) lane.close();
  }

  #forgetUnused(): void {
    for (const [name, lane] of this.#lanes) if (lane.isUnused && lane.pause === null) this.#lanes.delete(name);
    this.#turns.clear();
  }
}

const MOST_LANES = 10_000;
