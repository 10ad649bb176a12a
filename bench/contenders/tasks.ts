import { keepInFlight } from "../support/in-flight.js";
import { serve } from "../support/serve.js";
import { sharedTime } from "../support/shared-clock.js";
import { percentile } from "../support/statistics.js";
import type { NoopAnswer, Prober } from "./prober.js";

export interface FloodRequest {
  readonly task: "flood";
  readonly port: number;
  readonly total: number;
  readonly concurrency: number;
}

export interface FloodAnswer {
  readonly seconds: number;
  /** Of the process that probes, for one probe; null where the system does not tell. */
  readonly cpuMicroseconds: number | null;
}

export interface TimeRequest extends Omit<FloodRequest, "task"> {
  readonly task: "time";
}

/** How far the time that was measured is from the time that the reply really took, in milliseconds. */
export interface TimeAnswer {
  readonly p50: number;
  readonly p99: number;
}

export interface HoldRequest {
  readonly task: "hold";
  readonly port: number;
  readonly total: number;
}

export interface WeighRequest {
  readonly task: "weigh";
  /** Throw what is garbage away before weighing. */
  readonly collect: boolean;
}

export interface WeighAnswer {
  readonly rss: number;
  readonly heap: number;
}

export type TaskRequest = FloodRequest | TimeRequest | HoldRequest | WeighRequest;

/** Serves what the benches ask of a contender. */
export function serveProber(prober: Prober): void {
  serve<TaskRequest>("ready", async (request) => {
    switch (request.task) {
      case "flood":
        return flood(prober, request);
      case "time":
        return time(prober, request);
      case "hold":
        return hold(prober, request);
      case "weigh":
        return weigh(request);
    }
  });
}

async function flood({ probe }: Prober, { port, total, concurrency }: FloodRequest): Promise<FloodAnswer> {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await keepInFlight(total, concurrency, () => probe(port));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds, cpuMicroseconds: (user + system) / total };
}

async function time({ timed }: Prober, { port, total, concurrency }: TimeRequest): Promise<TimeAnswer> {
  const errors: number[] = [];
  await keepInFlight(total, concurrency, async () => errors.push(errorOf(await timed(port))));
  return { p50: percentile(errors, 0.5), p99: percentile(errors, 0.99) };
}

/**
 * The server says when it wrote its reply, by the clock that it shares with us, and on the loopback that is when the reply arrived.
 * So it does not matter whether the server saw NOOP late, or gave exactly the delay that it was to give.
 */
function errorOf({ sentAt, milliseconds, text }: NoopAnswer): number {
  const repliedAt = Number(/sent at (\d+\.\d+)$/.exec(text)?.[1]);
  const error = Math.abs(milliseconds - (repliedAt - sharedTime(sentAt)));
  if (Number.isNaN(error)) throw new Error(`it is not known when NOOP was sent (${sentAt}) or answered (${JSON.stringify(text)})`);
  return error;
}

/** Starts probes that will not end, and does not wait for them: the process is stopped with them. */
async function hold({ probe }: Prober, { port, total }: HoldRequest): Promise<null> {
  for (let started = 0; started < total; started += 1) void probe(port);
  return null;
}

async function weigh({ collect }: WeighRequest): Promise<WeighAnswer> {
  if (collect) {
    if (globalThis.gc === undefined) throw new Error("start this process with --expose-gc");
    globalThis.gc();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
