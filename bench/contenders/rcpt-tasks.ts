import { keepInFlight } from "../support/in-flight.js";
import { serve } from "../support/serve.js";

export interface RcptRequest {
  readonly port: number;
  /** Addresses of one run, over one connection. */
  readonly addresses: number;
  readonly runs: number;
  /** Transactions that go out in one write: the probe sends sixteen, the bare loop a given number. */
  readonly together: number;
  readonly concurrency: number;
}

export interface RcptAnswer {
  readonly perSecond: number;
  /** Processor time of one address, of the process that asks. */
  readonly cpuMicroseconds: number;
}

/** Checks a number of addresses over one connection, or fails. */
export type AskRcpt = (port: number, emails: readonly string[], together: number) => Promise<void>;

/** Serves what the bench of mail.rcpt asks of a contender. */
export function serveRcpt(ask: AskRcpt): void {
  serve<RcptRequest>("ready", async ({ port, addresses, runs, together, concurrency }) => {
    const emails = Array.from({ length: addresses }, (_, index) => `ada${index}@bench.example`);
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await keepInFlight(runs, concurrency, () => ask(port, emails, together));
    const perSecond = ((addresses * runs) / (performance.now() - began)) * 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const answer: RcptAnswer = { perSecond, cpuMicroseconds: (user + system) / (addresses * runs) };
    return answer;
  });
}
