import { keepInFlight } from "../support/in-flight.js";
import { serve } from "../support/serve.js";

export interface WebRequest {
  readonly total: number;
  readonly concurrency: number;
  /** A URL, or the port of a server on the loopback. */
  readonly target: string;
  /** How it is asked, if the contender has several ways. */
  readonly way: string;
}

export interface WebAnswer {
  readonly perSecond: number;
  /** Of this process, for each. */
  readonly cpuMicroseconds: number;
}

/** Serves what the bench of web probes asks of a contender. */
export function serveWebTasks(once: (request: WebRequest) => Promise<unknown>): void {
  serve<WebRequest>("ready", async (request) => {
    const before = process.cpuUsage();
    const began = performance.now();
    await keepInFlight(request.total, request.concurrency, () => once(request));
    const { user, system } = process.cpuUsage(before);
    const answer: WebAnswer = { perSecond: (request.total / (performance.now() - began)) * 1000, cpuMicroseconds: (user + system) / request.total };
    return answer;
  });
}
