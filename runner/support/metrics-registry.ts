import { processWide } from "./process-wide.js";

/** Metrics of long-lived parts of the process, collected for its metrics endpoint. */
const parts = processWide("metrics", (): (() => string[])[] => []);

/** Adds lines to the output from now on. */
export function registerMetrics(lines: () => string[]): void {
  parts.push(lines);
}

/** In the Prometheus text format; empty if nothing is registered. */
export function liveMetrics(): string {
  return parts
    .map((lines) =>
      lines()
        .map((line) => `${line}\n`)
        .join(""),
    )
    .join("");
}
