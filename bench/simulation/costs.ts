import type { PublishedFigure, PublishedFigures } from "../support/published.js";
import type { Spread } from "../support/statistics.js";

/** Processor time of a job in milliseconds, from the figures that `npm run bench` measured. */
export interface Costs {
  readonly smtpMs: number;
  readonly rcptMs: number;
  readonly mxMs: number;
  /** What `work` adds to a probe: for each job, and for each transaction, however many jobs it claims and ends. */
  readonly queueMs: number;
  readonly transactionMs: number;
  /** A process, until it is warm. */
  readonly startMs: number;
}

/** An assumption, not a measurement: a worker until its code is compiled. No plan depends on it; a process runs for hours. */
const START_MS = 1000;

export function costsOf(figures: PublishedFigures): Costs {
  const figure = (bench: string, name: string): PublishedFigure => {
    const found = figures.figures.find((each) => each.bench === bench && each.name === name && each.ours !== null);
    if (found === undefined) throw new Error(`bench/figures.json has no figure ${bench}: ${name}; npm run bench -- ${bench} --page measures it`);
    return found;
  };
  const cost = (bench: string, name: string): number => (figure(bench, name).ours as Spread).median / 1000;
  return {
    smtpMs: cost("throughput", "CPU a probe, 500 at a time"),
    rcptMs: cost("rcpt", "CPU an address, a connection each, 50 at a time"),
    mxMs: cost("dns", "CPU a look-up, the whole of mail.mx, cached"),
    ...queueCosts(
      pointOf(figure("queue", "CPU a job, network.smtp through work"), figure("queue", "transactions a job, network.smtp through work")),
      pointOf(figure("queue", "CPU a job, network.smtp answered after 20 ms"), figure("queue", "transactions a job, network.smtp answered after 20 ms")),
    ),
    startMs: START_MS,
  };
}

interface Point {
  readonly addedMs: number;
  readonly transactions: number;
}

/** Both sides of the first figure were measured in the same rounds. */
function pointOf(cpu: PublishedFigure, transactions: PublishedFigure): Point {
  return { addedMs: ((cpu.ours as Spread).median - (cpu.peers as Spread).median) / 1000, transactions: (transactions.ours as Spread).median };
}

/** Two equations: what the queue adds is a part for each job and a part for each transaction. A busy worker has few transactions, an idle one many. */
function queueCosts(busy: Point, idle: Point): Pick<Costs, "queueMs" | "transactionMs"> {
  const transactionMs = Math.max(0, (idle.addedMs - busy.addedMs) / (idle.transactions - busy.transactions));
  return { transactionMs, queueMs: Math.max(0, busy.addedMs - busy.transactions * transactionMs) };
}
