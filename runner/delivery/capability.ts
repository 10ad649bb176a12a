import { refusalToProbe } from "../mail-sites/probing-allowed.js";
import type { WireRun } from "../run/run-state.js";
import { registerMetrics } from "../support/metrics-registry.js";
import { Engine } from "./engine.js";
import { LazyLedger } from "./ledger/lazy-ledger.js";
import type { OutboundMessage } from "./message/outbound-message.js";
import { RouteStatistics, routesFile } from "./route/route-statistics.js";
import { engineMetrics } from "./service/engine-metrics.js";

/** What a probe that delivers may use: the engine of this process, whose runs share the limits of a site. */
export interface DeliveryGrant {
  /** Why this machine must not contact mail servers; null if it may. */
  readonly refusal: string | null;
  /** A message of this run. */
  outbound(message: Omit<OutboundMessage, "run">): OutboundMessage;
  /** Delivers a message as far as possible at the moment; see Engine. */
  deliver(message: OutboundMessage): Promise<void>;
}

let engine: Engine | null = null;

export function deliveryGrant(run: WireRun): DeliveryGrant {
  engine ??= makeEngine();
  const shared = engine;
  return {
    refusal: refusalToProbe(process.env),
    outbound: (message) => ({ ...message, run }),
    deliver: (message) => shared.deliver(message),
  };
}

function makeEngine(): Engine {
  const made = new Engine({ ledger: new LazyLedger(process.env.PROBE_RUN_DELIVERY || null), statistics: new RouteStatistics(routesFile(process.env)) });
  registerMetrics(() => engineMetrics(made.router));
  return made;
}
