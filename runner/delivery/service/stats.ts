import { DELIVERY_CLASSES, DELIVERY_OUTCOMES, type DeliveryClass, type DeliveryOutcome } from "../../../schemas/delivery-outcome.js";
import type { DeliveryReport } from "../../../schemas/delivery-report.js";
import type { DeliveryMode } from "../../../schemas/delivery-route.js";
import type { Load } from "../route/destination-limiters.js";
import type { DestinationRouter } from "../route/destination-router.js";
import type { BlocklistState } from "./blocklist-watch.js";

/** The counters of a service since it was created. The names of the first group are established ones. */
export interface DeliveryStats {
  readonly mode: DeliveryMode;
  readonly direct_sent: number;
  readonly direct_failed: number;
  readonly relay_sent: number;
  readonly relay_failed: number;
  readonly dkim_signed: number;
  readonly dkim_unsigned: number;
  readonly direct_service: {
    readonly sent: number;
    readonly failed: number;
    readonly deferred: number;
    readonly bounced: number;
    readonly mx_lookups: number;
    readonly mx_cache_hits: number;
    readonly mx_cache_size: number;
  };
  readonly relay_service: {
    readonly sent: number;
    readonly failed: number;
    readonly deferred: number;
    readonly bounced: number;
    readonly queue_size: number;
    readonly pool_size: number;
    readonly running: boolean;
  };
  readonly messages: number;
  readonly recipients: Readonly<Record<DeliveryOutcome, number>>;
  readonly classes: Readonly<Record<DeliveryClass, number>>;
  readonly attempts: number;
  readonly sessions_reused: number;
  readonly sessions_busy: number;
  readonly sessions_idle: number;
  readonly waiting: number;
  readonly destinations: number;
  /** Null if block lists are not checked. */
  readonly blocklists: BlocklistState | null;
}

interface WayCounters {
  sent: number;
  failed: number;
  deferred: number;
  bounced: number;
}

/** Counts what a service does. */
export class DeliveryCounters {
  messages = 0;
  attempts = 0;
  reused = 0;
  signed = 0;
  unsigned = 0;
  readonly direct = noWay();
  readonly relay = noWay();
  readonly outcomes = zeros(DELIVERY_OUTCOMES);
  readonly classes = zeros(DELIVERY_CLASSES);

  count({ recipients, attempts, dkim }: DeliveryReport): void {
    this.messages += 1;
    this.attempts += attempts.length;
    for (const { reused } of attempts) if (reused) this.reused += 1;
    if (dkim.signatures.length > 0) this.signed += 1;
    else this.unsigned += 1;
    for (const { outcome, class: found, way, way_reason: reason, failure } of recipients) {
      this.outcomes[outcome] += 1;
      if (found !== null) this.classes[found] += 1;
      const [taken, other] = way === "relay" ? [this.relay, this.direct] : [this.direct, this.relay];
      countWay(taken, outcome, failure?.retryable ?? false);
      // It took this route because the other one had failed.
      if (reason === "fallback") other.failed += 1;
    }
  }

  shown({ limiters, routes }: DestinationRouter, mode: DeliveryMode, isOpen: boolean): Omit<DeliveryStats, "blocklists"> {
    const { direct, relay } = limiters.load();
    return {
      mode,
      direct_sent: this.direct.sent,
      direct_failed: this.direct.failed,
      relay_sent: this.relay.sent,
      relay_failed: this.relay.failed,
      dkim_signed: this.signed,
      dkim_unsigned: this.unsigned,
      direct_service: {
        ...this.direct,
        mx_lookups: routes.lookUps,
        mx_cache_hits: routes.cacheHits,
        mx_cache_size: routes.size,
      },
      relay_service: { ...this.relay, queue_size: waitingIn(relay), pool_size: relay.busy + relay.idle, running: isOpen },
      messages: this.messages,
      recipients: { ...this.outcomes },
      classes: { ...this.classes },
      attempts: this.attempts,
      sessions_reused: this.reused,
      sessions_busy: direct.busy + relay.busy,
      sessions_idle: direct.idle + relay.idle,
      waiting: waitingIn(direct) + waitingIn(relay),
      destinations: limiters.size,
    };
  }
}

function noWay(): WayCounters {
  return { sent: 0, failed: 0, deferred: 0, bounced: 0 };
}

function waitingIn({ waiting }: Load): number {
  return waiting[0] + waiting[1] + waiting[2];
}

/** Each recipient counts once: deferred can be retried, bounced was refused permanently, failed is everything else that was not delivered. */
function countWay(way: WayCounters, outcome: DeliveryOutcome, isRetryable: boolean): void {
  if (outcome === "delivered") way.sent += 1;
  else if (outcome === "bounced") way.bounced += 1;
  else if (isRetryable) way.deferred += 1;
  if (outcome === "bounced" || outcome === "failed") way.failed += 1;
}

function zeros<const Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
