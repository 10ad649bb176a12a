import { processWide } from "./process-wide.js";

/** Metrics of long-lived parts of the process, collected for its metrics endpoint. */
const parts = processWide("metrics", (): (() => string[])[] => []);

/** Adds these lines from now on. */
export function registerMetrics(lines: () => string[]): void {
  parts.push(lines);
}

/** Text for Prometheus; empty if nothing is registered. */
export function liveMetrics(): string {
  return parts
    .map((lines) =>
      lines()
        .map((line) => `${line}\n`)
        .join(""),
    )
    .join("");
}
