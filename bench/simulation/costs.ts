import type { PublishedFigure, PublishedFigures } from "../support/published.js";
import type { Spread } from "../support/statistics.js";

/** Processor time of a job in milliseconds, from the figures that `npm run bench` measured. */
export interface Costs {
  readonly smtpMs: number;
  readonly rcptMs: number;
  readonly mxMs: number;
  /** What `work` adds to a probe. */
  readonly queueMs: number;
  /** A process, until it is warm. */
  readonly startMs: number;
}

/** An assumption, not a measurement: a worker until its code is compiled. No plan depends on it; a process runs for hours. */
const START_MS = 1000;

export function costsOf(figures: PublishedFigures): Costs {
  const figure = (bench: string, name: string): PublishedFigure => {
    const found = figures.figures.find((each) => each.bench === bench && each.name === name && each.unit === "µs" && each.ours !== null);
    if (found === undefined) throw new Error(`bench/figures.json has no figure ${bench}: ${name}; npm run bench -- ${bench} --page measures it`);
    return found;
  };
  const cost = (bench: string, name: string): number => (figure(bench, name).ours as Spread).median / 1000;
  const job = figure("queue", "CPU a job, network.smtp through work");
  return {
    smtpMs: cost("throughput", "CPU a probe, 500 at a time"),
    rcptMs: cost("rcpt", "CPU an address, a connection each, 50 at a time"),
    mxMs: cost("dns", "CPU a look-up, the whole of mail.mx, cached"),
    // Both sides of one figure were measured in the same rounds.
    queueMs: Math.max(0, (job.ours as Spread).median - (job.peers as Spread).median) / 1000,
    startMs: START_MS,
  };
}
