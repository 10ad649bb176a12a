import {
  DELIVERY_CLASSES,
  DELIVERY_OUTCOMES,
  type DeliveryClass,
  type DeliveryMode,
  type DeliveryOutcome,
  type DeliveryReport,
} from "../../../schemas/delivery.js";
import type { Engine } from "../engine.js";
import type { BlocklistState } from "./blocklist-watch.js";

/** What a service has done since it was made. The names of the first group are those that such services have always had. */
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
  /** Null where block lists are not asked. */
  readonly blocklists: BlocklistState | null;
}

interface Way {
  sent: number;
  failed: number;
  deferred: number;
  bounced: number;
}

/** Counts what a service does. */
export class Tally {
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
    for (const { outcome, class: found, way, failure } of recipients) {
      this.outcomes[outcome] += 1;
      if (found !== null) this.classes[found] += 1;
      countWay(way === "relay" ? this.relay : this.direct, outcome, failure?.retryable ?? false);
    }
  }

  shown(engine: Engine, mode: DeliveryMode, isOpen: boolean): Omit<DeliveryStats, "blocklists"> {
    const { busy, idle, waiting: byRank, lanes } = engine.load();
    const waiting = byRank[0] + byRank[1] + byRank[2];
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
        mx_lookups: engine.routes.lookUps,
        mx_cache_hits: engine.routes.cacheHits,
        mx_cache_size: engine.routes.size,
      },
      relay_service: { ...this.relay, queue_size: waiting, pool_size: busy + idle, running: isOpen },
      messages: this.messages,
      recipients: { ...this.outcomes },
      classes: { ...this.classes },
      attempts: this.attempts,
      sessions_reused: this.reused,
      sessions_busy: busy,
      sessions_idle: idle,
      waiting,
      destinations: lanes,
    };
  }
}

function noWay(): Way {
  return { sent: 0, failed: 0, deferred: 0, bounced: 0 };
}

/** Each recipient counts once: deferred is what may pass, bounced what was refused for good, failed all that was not brought. */
function countWay(way: Way, outcome: DeliveryOutcome, isPassing: boolean): void {
  if (outcome === "delivered") way.sent += 1;
  else if (outcome === "bounced") way.bounced += 1;
  else if (isPassing) way.deferred += 1;
  if (outcome === "bounced" || outcome === "failed") way.failed += 1;
}

function zeros<const Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
