import { labels, metric, type Sample } from "../../support/prometheus.js";
import { METRICS } from "./names.js";

/** One sample of a run. All metrics are gauges: no run continues the count of an earlier one. */
export interface Series {
  readonly name: keyof typeof METRICS;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function series(name: Series["name"], value: number | null, own: Series["labels"] = {}): Series[] {
  return value === null || !Number.isFinite(value) ? [] : [{ name, labels: own, value }];
}

/** The same of a time in milliseconds, to the microsecond. */
export function secondsSeries(name: Series["name"], milliseconds: number | null, own: Series["labels"] = {}): Series[] {
  return series(name, milliseconds === null ? null : Math.round(milliseconds * 1000) / 1e6, own);
}

/** All samples of a metric stand together, in the order of the table. Of samples with the same labels the last one counts. */
export function metricsText(all: readonly Series[]): string {
  const lines = Object.entries(METRICS).flatMap(([name, help]) => {
    const samples = new Map<string, number>();
    for (const each of all) if (each.name === name) samples.set(Object.keys(each.labels).length === 0 ? "" : labels(each.labels), each.value);
    return samples.size === 0 ? [] : metric(name, "gauge", help, [...samples] as Sample[]);
  });
  return lines.map((line) => `${line}\n`).join("");
}
