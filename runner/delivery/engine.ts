import type { DeliveryClass } from "../../schemas/delivery.js";
import type { Destination } from "./destination.js";
import { findSites, relayDestination } from "./destinations.js";
import { Gate } from "./gate.js";
import { Lane, type LaneLimits } from "./lane.js";
import type { Order } from "./order.js";
import { Pool } from "./pool.js";
import type { PooledSession } from "./pooled-session.js";
import { isOpen, type Recipient } from "./recipient.js";
import { Routes } from "./route.js";
import { TlsPolicies } from "./tls-policies.js";
import { visit } from "./visit.js";

/** What all deliveries of a process share: the lanes of their destinations, open sessions, and what is known of routes. */
export class Engine {
  readonly gate = new Gate();
  readonly pool = new Pool();
  readonly routes = new Routes();
  readonly tls = new TlsPolicies();
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Map<string, number>();

  /** Brings a message to its recipients as far as this can be done now. Afterwards each of them has its decision. */
  async deliver(order: Order): Promise<void> {
    const { mode } = order.manners;
    const open = order.recipients.filter(isOpen);
    if (mode === "relay") return this.#throughRelays(order, open, "configured", "the settings say relay");
    for (const recipient of open) recipient.chosen = { way: "direct", reason: "configured", explanation: `the settings say ${mode}` };
    await this.#direct(order, open);
    if (mode !== "direct") await this.#fallBack(order, open);
  }

  async #direct(order: Order, recipients: readonly Recipient[]): Promise<void> {
    const destinations = await findSites(this, order, recipients);
    await Promise.all(destinations.map((destination) => visit(this, order, destination)));
  }

  /** Hybrid: only where the way was to blame. */
  async #fallBack(order: Order, recipients: readonly Recipient[]): Promise<void> {
    const stranded = recipients.filter(({ decision }) => decision !== null && mayFallBack(decision.kind, decision.class));
    if (stranded.length === 0 || order.manners.relays.length === 0 || order.run.deadline.reason !== null) return;
    const before = new Map(stranded.map((recipient) => [recipient, recipient.decision]));
    for (const recipient of stranded) recipient.decision = null;
    const words = `it could not be brought directly: ${before.values().next().value?.message ?? ""}`;
    await this.#throughRelays(order, stranded, "fallback", words);
  }

  /** One relay after the other, until one has taken or refused it. */
  async #throughRelays(order: Order, recipients: readonly Recipient[], reason: "configured" | "fallback", explanation: string): Promise<void> {
    const { relays } = order.manners;
    for (const [index, relay] of relays.entries()) {
      const open = recipients.filter((recipient) => isOpen(recipient) || (index > 0 && isUnreached(recipient)));
      if (open.length === 0 || order.run.deadline.reason !== null) return;
      for (const recipient of open) {
        recipient.decision = null;
        recipient.chosen = { way: "relay", reason, explanation };
      }
      await visit(this, order, relayDestination(this, order, relay, open));
    }
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
  load(): { busy: number; idle: number; waiting: number; lanes: number } {
    const load = { busy: 0, idle: 0, waiting: 0, lanes: this.#lanes.size };
    for (const { busy, idle, waiting } of this.#lanes.values()) {
      load.busy += busy;
      load.idle += idle.length;
      load.waiting += waiting;
    }
    return load;
  }

  close(): void {
    this.pool.close();
    this.tls.close();
    for (const lane of this.#lanes.values()) lane.close();
  }

  #forgetUnused(): void {
    for (const [name, lane] of this.#lanes) if (lane.isUnused && lane.pause === null) this.#lanes.delete(name);
    this.#turns.clear();
  }
}

const MOST_LANES = 10_000;

/** The way is to blame, not the address and not the message: another way may do. Never where it may have been taken already. */
const FAULTS_OF_THE_WAY: ReadonlySet<DeliveryClass> = new Set(["routing", "policy", "reputation", "auth", "network", "tls"]);

function mayFallBack(kind: string, found: DeliveryClass | null): boolean {
  return kind !== "delivered" && kind !== "unknown" && found !== null && FAULTS_OF_THE_WAY.has(found);
}

/** Nobody has heard of the recipient yet: another relay may be asked. */
function isUnreached({ decision }: Recipient): boolean {
  return decision?.kind === "later" && decision.decidedAt !== null && BEFORE_MAIL.has(decision.decidedAt);
}

const BEFORE_MAIL: ReadonlySet<string> = new Set(["resolve", "connect", "greeting", "starttls", "tls", "ehlo", "auth"]);
