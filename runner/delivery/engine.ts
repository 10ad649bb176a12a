import type { DeliveryMode } from "../../schemas/delivery-route.js";
import { SessionPool } from "../mail-sites/session-pool.js";
import { monotonic } from "../run/clock.js";
import { LazyLedger } from "./ledger/lazy-ledger.js";
import { copyToDuplicates, duplicatesOf } from "./message/duplicate-recipients.js";
import type { OutboundMessage } from "./message/outbound-message.js";
import type { Recipient } from "./message/recipient.js";
import { applySuppressions, suppressBounced } from "./route/apply-suppressions.js";
import type { Destination } from "./route/destination.js";
import { DestinationRouter } from "./route/destination-router.js";
import { RouteStatistics } from "./route/route-statistics.js";
import { direct, hybrid, type Routing, relay, smart } from "./route/routing-modes.js";
import { returnQuota, splitByQuota } from "./route/warm-up-quota.js";
import { Connector } from "./session/connector.js";
import { serveDestination } from "./transaction/serve-destination.js";

const MODES: Readonly<Record<DeliveryMode, (routing: Routing) => Promise<void>>> = { direct, relay, hybrid, smart };

export interface EngineOptions {
  readonly ledger?: LazyLedger;
  readonly statistics?: RouteStatistics;
}

/**
 * Delivers messages. What all deliveries of a process share lives here: the limits of destinations, open sessions, known routes. A message passes
 * through these stages: suppress, route by its mode, and for each destination connect, transact and decide. The caller makes the report.
 */
export class Engine {
  readonly #pool = new SessionPool();
  readonly router = new DestinationRouter(this.#pool);
  readonly connector = new Connector(this.#pool);
  readonly ledger: LazyLedger;
  readonly statistics: RouteStatistics;

  constructor({ ledger = new LazyLedger(null), statistics = new RouteStatistics() }: EngineOptions = {}) {
    this.ledger = ledger;
    this.statistics = statistics;
  }

  /** Delivers a message as far as possible at the moment. Afterwards each recipient has a decision. */
  async deliver(message: OutboundMessage): Promise<void> {
    applySuppressions(this.ledger, message);
    const duplicates = duplicatesOf(message.recipients);
    const open = message.recipients.filter((recipient) => recipient.isOpen && !duplicates.has(recipient));
    try {
      await MODES[message.settings.mode](this.#routing(message, open));
    } finally {
      copyToDuplicates(duplicates);
    }
    suppressBounced(this.ledger, message, open);
  }

  close(): void {
    this.router.close();
    this.#pool.close();
    this.ledger.close();
    this.statistics.close();
  }

  /** The stages, which the routing mode puts in order. */
  #routing(message: OutboundMessage, recipients: readonly Recipient[]): Routing {
    return {
      message,
      recipients,
      statistics: this.statistics,
      toSites: (some, deliver) => this.router.groupByDestination(message, some, deliver),
      viaMailHosts: (destination) => this.#viaMailHosts(message, destination),
      viaRelay: (settings, some) => this.#serve(message, this.router.relayDestination(message, settings, some)),
    };
  }

  /** Limited by the quota of source addresses that are being warmed up. */
  async #viaMailHosts(message: OutboundMessage, destination: Destination): Promise<void> {
    const serve = async (part: Destination): Promise<void> => {
      await this.#serve(message, part);
      returnQuota(this.ledger, message, part);
    };
    await Promise.all(splitByQuota(this.ledger, message, destination).map(serve));
  }

  async #serve(message: OutboundMessage, destination: Destination): Promise<void> {
    const began = monotonic();
    await serveDestination(this.connector, message, destination);
    if (message.settings.mode !== "smart") return;
    this.statistics.note(destination.way, destination.recipients, monotonic() - began);
  }
}
