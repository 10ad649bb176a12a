/** Prometheus' text format, version 0.0.4. */

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Labels with their braces, and the value. */
export type Sample = readonly [labels: string, value: number];

export function metric(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`)];
}

export interface Histogram {
  readonly bounds: readonly number[];
  /** The number of values at or below each bound; the last one counts all. */
  readonly buckets: readonly number[];
  readonly sum: number;
}

export function histogram(name: string, help: string, { bounds, buckets, sum }: Histogram): string[] {
  const written = [...bounds.map(String), "+Inf"];
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...written.map((bound, index) => `${name}_bucket{le="${bound}"} ${buckets[index]}`),
    `${name}_sum ${sum}`,
    `${name}_count ${buckets.at(-1)}`,
  ];
}

export interface Summary {
  readonly quantiles: readonly (readonly [share: number, value: number])[];
  readonly sum: number;
  readonly count: number;
}

export function summary(name: string, help: string, { quantiles, sum, count }: Summary): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} summary`,
    ...quantiles.map(([share, value]) => `${name}${labels({ quantile: String(share) })} ${value}`),
    `${name}_sum ${sum}`,
    `${name}_count ${count}`,
  ];
}

export function labels(values: Readonly<Record<string, string>>): string {
  const written = Object.entries(values).map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, (each) => (each === "\n" ? "\\n" : `\\${each}`))}"`);
  return `{${written.join(",")}}`;
}
