import { serve } from "../support/serve.js";

export interface DeliverRequest {
  readonly port: number;
  readonly bodyBytes: number;
  readonly total: number;
  readonly connections: number;
  /** A private key (PEM) to sign with; null for none. */
  readonly privateKey: string | null;
}

export interface DeliverAnswer {
  readonly perSecond: number;
}

export const DOMAIN = "bench.example";
export const SELECTOR = "bench";

/** Serves what the bench of deliveries asks of a contender. */
export function serveDelivering(deliverAll: (request: DeliverRequest) => Promise<void>): void {
  serve<DeliverRequest>("ready", async (request) => {
    const began = performance.now();
    await deliverAll(request);
    const answer: DeliverAnswer = { perSecond: (request.total / (performance.now() - began)) * 1000 };
    return answer;
  });
}
