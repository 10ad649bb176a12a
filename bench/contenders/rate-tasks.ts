import { keepInFlight } from "../support/in-flight.js";
import { childrenTime } from "../support/processor-time.js";
import { serve } from "../support/serve.js";

export interface RateRequest {
  readonly total: number;
  readonly concurrency: number;
  /** A probe, or how another contender asks. */
  readonly way: string;
  /** A URL, an address with a port, or the port of a server on the loopback. */
  readonly target: string;
  /** Of the probe, beside what its target says. */
  readonly input?: object;
}

export interface RateAnswer {
  readonly perSecond: number;
  /** Of this process and of those that it started, for each. */
  readonly cpuMicroseconds: number;
}

/** Serves what the benches of rates ask of a contender. `number` counts the runs of a request, from 0. */
export function serveRates(once: (request: RateRequest, number: number) => Promise<unknown>): void {
  serve<RateRequest>("ready", async (request) => {
    const before = usedMicroseconds();
    const began = performance.now();
    let number = 0;
    await keepInFlight(request.total, request.concurrency, () => once(request, number++));
    const perSecond = (request.total / (performance.now() - began)) * 1000;
    const answer: RateAnswer = { perSecond, cpuMicroseconds: (usedMicroseconds() - before) / request.total };
    return answer;
  });
}

function usedMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system + (childrenTime(process.pid) ?? 0);
}
