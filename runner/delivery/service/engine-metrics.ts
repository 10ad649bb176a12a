import { labels, metric, type Sample } from "../../support/prometheus.js";
import type { Engine } from "../engine.js";
import type { WarmUpDay } from "../ledger/warm-up.js";
import { RANKS } from "../message/priority.js";

/** What goes on just now, over all destinations: lines for Prometheus. */
export function engineMetrics(engine: Engine): string[] {
  const { busy, idle, waiting, lanes } = engine.load();
  const { lookUps, cacheHits, size } = engine.routes;
  return [
    ...metric("probe_run_delivery_destinations", "gauge", "Mail sites and relays that are known, each by the address it is reached from.", [["", lanes]]),
    ...metric("probe_run_delivery_sessions", "gauge", "Open sessions with mail hosts and relays, and those that are being opened.", [
      ['{state="busy"}', busy],
      ['{state="idle"}', idle],
    ]),
    ...metric(
      "probe_run_delivery_waiting",
      "gauge",
      "Messages that wait for their turn at a destination, by priority.",
      Object.entries(RANKS).map(([priority, rank]) => [`{priority="${priority}"}`, waiting[rank]]),
    ),
    ...metric("probe_run_delivery_mx_lookups_total", "counter", "Routes that name servers were asked for.", [["", lookUps]]),
    ...metric("probe_run_delivery_mx_cache_hits_total", "counter", "Routes that were known.", [["", cacheHits]]),
    ...metric("probe_run_delivery_mx_cached", "gauge", "Routes that are known.", [["", size]]),
  ];
}

/** How far addresses are that are being warmed up. */
export function warmUpMetrics(days: readonly WarmUpDay[]): string[] {
  const cold = days.filter(({ most }) => most !== null);
  if (cold.length === 0) return [];
  const samples = (value: (day: WarmUpDay) => number): Sample[] => cold.map((day) => [labels({ source: day.source }), value(day)]);
  return [
    ...metric(
      "probe_run_delivery_warm_up_sent",
      "gauge",
      "Recipients that a source address has sent to today.",
      samples(({ sent }) => sent),
    ),
    ...metric(
      "probe_run_delivery_warm_up_limit",
      "gauge",
      "How many it may send to today.",
      samples(({ most }) => most as number),
    ),
  ];
}
