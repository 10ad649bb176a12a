import { keepInFlight } from "../support/in-flight.js";
import { serve } from "../support/serve.js";

export interface LookUpRequest {
  readonly server: string;
  /** cold: a new name each time. warm: the same one. probe: the whole probe, the same domain. */
  readonly kind: "cold" | "warm" | "probe";
  readonly total: number;
  readonly concurrency: number;
}

export interface LookUpAnswer {
  readonly perSecond: number;
  /** Processor time of one look-up, of the process that asks. */
  readonly cpuMicroseconds: number;
}

/** Looks one domain up at a server, or fails. */
export type LookUp = (domain: string, request: LookUpRequest) => Promise<void>;

/** Serves what the bench of name resolution asks of a contender. */
export function serveLookUps(lookUp: LookUp): void {
  let names = 0;
  const nextName = (): string => `d${++names}.${process.pid}.bench.example`;
  serve<LookUpRequest>("ready", async (request) => {
    const known = `known.${process.pid}.bench.example`;
    if (request.kind !== "cold") await lookUp(known, request);
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await keepInFlight(request.total, request.concurrency, () => lookUp(request.kind === "cold" ? nextName() : known, request));
    const perSecond = (request.total / (performance.now() - began)) * 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const answer: LookUpAnswer = { perSecond, cpuMicroseconds: (user + system) / request.total };
    return answer;
  });
}
