import { labels, metric, type Sample } from "../../support/prometheus.js";
import type { WarmUpDay } from "../ledger/warm-up.js";
import { PRIORITIES } from "../message/priority.js";
import type { DestinationRouter } from "../route/destination-router.js";

/** The current load of all destinations, in the Prometheus text format. */
export function engineMetrics({ limiters, routes }: DestinationRouter): string[] {
  const { direct, relay } = limiters.load();
  const { lookUps, cacheHits, size } = routes;
  return [
    ...metric("probe_run_delivery_destinations", "gauge", "Known mail sites and relays, counted once for each source address.", [["", limiters.size]]),
    ...metric("probe_run_delivery_sessions", "gauge", "Sessions with mail hosts and relays that are open or being opened.", [
      ['{state="busy"}', direct.busy + relay.busy],
      ['{state="idle"}', direct.idle + relay.idle],
    ]),
    ...metric(
      "probe_run_delivery_waiting",
      "gauge",
      "Messages that wait for a turn at a destination, by priority.",
      Object.entries(PRIORITIES).map(([name, priority]) => [`{priority="${name}"}`, direct.waiting[priority] + relay.waiting[priority]]),
    ),
    ...metric("probe_run_delivery_mx_lookups_total", "counter", "Routes that were looked up.", [["", lookUps]]),
    ...metric("probe_run_delivery_mx_cache_hits_total", "counter", "Routes that were served from the cache.", [["", cacheHits]]),
    ...metric("probe_run_delivery_mx_cached", "gauge", "Routes in the cache.", [["", size]]),
  ];
}

/** The quota of addresses that are being warmed up. */
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
      "The number of recipients that it may send to today.",
      samples(({ most }) => most as number),
    ),
  ];
}
