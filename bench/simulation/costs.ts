import type { PublishedFigures } from "../support/published.js";
import type { Spread } from "../support/statistics.js";
import type { Machine } from "./check.js";

/** Processor time of a job in milliseconds, from the figures that `npm run bench` measured. */
export interface Costs {
  readonly smtpMs: number;
  readonly rcptMs: number;
  readonly mxMs: number;
  /** What `work` adds to a probe for each job. */
  readonly queueMs: number;
  /** And for each transaction, however many jobs it claims and ends: see check.ts. */
  readonly transactionMs: number;
  readonly transactionHoldMs: number;
  /** A process, until it is warm. */
  readonly startMs: number;
}

/** An assumption, not a measurement: a worker until its code is compiled. No plan depends on it; a process runs for hours. */
const START_MS = 1000;

/** The cost of a transaction is that of the calibration: in the bench of the queue it is smaller than the difference between two of its runs. */
export function costsOf(figures: PublishedFigures, { transactionCpuMs, transactionHoldMs }: TransactionCosts): Costs {
  const medians = (bench: string, name: string): Medians => {
    const found = figures.figures.find((each) => each.bench === bench && each.name === name && each.ours !== null);
    if (found === undefined) throw new Error(`bench/figures.json has no figure ${bench}: ${name}; npm run bench -- ${bench} --page measures it`);
    return { ours: (found.ours as Spread).median, peers: found.peers?.median ?? 0 };
  };
  const cost = (bench: string, name: string): number => medians(bench, name).ours / 1000;
  // Both sides were measured in the same rounds.
  const cpu = medians("queue", "CPU a job, network.smtp through work");
  const transactions = medians("queue", "transactions a job, network.smtp through work").ours;
  return {
    smtpMs: cost("throughput", "CPU a probe, 500 at a time"),
    rcptMs: cost("rcpt", "CPU an address, a connection each, 50 at a time"),
    mxMs: cost("dns", "CPU a look-up, the whole of mail.mx, cached"),
    queueMs: Math.max(0, (cpu.ours - cpu.peers) / 1000 - transactions * transactionCpuMs),
    transactionMs: transactionCpuMs,
    transactionHoldMs,
    startMs: START_MS,
  };
}

type TransactionCosts = Pick<Machine, "transactionCpuMs" | "transactionHoldMs">;

interface Medians {
  readonly ours: number;
  readonly peers: number;
}
