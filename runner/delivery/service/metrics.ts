import type { DeliveryReport } from "../../../schemas/delivery-report.js";
import { histogram, labels, metric, type Sample } from "../../support/prometheus.js";

/** In seconds: from an open session to the longest default deadline of a message. */
const BOUNDS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600];
/** Sites with their own series; all others share one. */
const MAX_SITES = 100;
const OTHERS = "other";

/** Counts the work of a service, for Prometheus. No series is about one recipient, and their number is bounded by these lists and MAX_SITES. */
export class DeliveryMetrics {
  #messages = 0;
  #seconds = 0;
  readonly #buckets: number[] = [...BOUNDS.map(() => 0), 0];
  readonly #recipients = new Counter(["outcome", "class", "way"]);
  readonly #sites = new Counter(["site", "outcome"]);
  readonly #attempts = new Counter(["way", "outcome", "tls", "reused"]);
  readonly #known = new Set<string>();

  count({ recipients, attempts }: DeliveryReport, durationMs: number): void {
    this.#messages += 1;
    this.#time(durationMs / 1000);
    for (const { outcome, class: found, way, site } of recipients) {
      this.#recipients.add(outcome, found ?? "none", way ?? "none");
      if (site !== null) this.#sites.add(this.#nameOf(site), outcome);
    }
    for (const { way, outcome, tls, reused } of attempts) this.#attempts.add(way, outcome, tls, String(reused));
  }

  lines(): string[] {
    const time = { bounds: BOUNDS, buckets: this.#buckets, sum: this.#seconds };
    return [
      ...metric("probe_run_delivery_messages_total", "counter", "Messages that were handled.", [["", this.#messages]]),
      ...metric("probe_run_delivery_recipients_total", "counter", "Recipients by outcome, class and way.", this.#recipients.samples),
      ...metric(
        "probe_run_delivery_site_recipients_total",
        "counter",
        "Recipients by mail site; those after the first hundred share one series.",
        this.#sites.samples,
      ),
      ...metric("probe_run_delivery_attempts_total", "counter", "Attempts at hosts, by way, outcome and TLS.", this.#attempts.samples),
      ...histogram("probe_run_delivery_duration_seconds", "Time from send() to the report of a message.", time),
    ];
  }

  #time(seconds: number): void {
    this.#seconds += seconds;
    for (let index = BOUNDS.length; index >= 0; index--) {
      if (seconds > (BOUNDS[index] ?? Number.POSITIVE_INFINITY)) return;
      this.#buckets[index] = (this.#buckets[index] as number) + 1;
    }
  }

  #nameOf(site: string): string {
    if (this.#known.size < MAX_SITES) this.#known.add(site);
    return this.#known.has(site) ? site : OTHERS;
  }
}

/** A counter with labels. Rendered only for a scrape, since thousands of events are counted in between. */
class Counter {
  readonly #values = new Map<string, { readonly by: readonly string[]; count: number }>();

  constructor(readonly names: readonly string[]) {}

  add(...by: readonly string[]): void {
    const key = by.join(" ");
    const known = this.#values.get(key);
    if (known === undefined) this.#values.set(key, { by, count: 1 });
    else known.count += 1;
  }

  get samples(): readonly Sample[] {
    return Array.from(this.#values.values(), ({ by, count }) => [labels(Object.fromEntries(this.names.map((name, at) => [name, by[at] as string]))), count]);
  }
}
