import { refusalToProbe } from "../mail-sites/probing-allowed.js";
import type { RunState } from "../run/run-state.js";
import { tellMetrics } from "../support/metrics-registry.js";
import { Engine } from "./engine.js";
import { LedgerAt } from "./ledger/lazy-ledger.js";
import type { Order } from "./message/outbound-message.js";
import { engineMetrics } from "./service/engine-metrics.js";

/** What a probe that delivers may use: the one engine of this process, so that all its runs keep to the limits of a site together. */
export interface DeliveryGrant {
  /** Why this machine must not talk to mail servers; null when it may. */
  readonly refusal: string | null;
  /** Brings a message as far as this can be done now; see Engine. */
  deliver(order: Order): Promise<void>;
}

let engine: Engine | null = null;

export function deliveryGrant(_state: RunState): DeliveryGrant {
  engine ??= makeEngine();
  const shared = engine;
  return { refusal: refusalToProbe(process.env), deliver: (order) => shared.deliver(order) };
}

function makeEngine(): Engine {
  const made = new Engine(new LedgerAt(process.env.PROBE_RUN_DELIVERY || null));
  tellMetrics(() => engineMetrics(made));
  return made;
}
