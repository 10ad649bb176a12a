import { serve } from "../support/serve.js";

export interface VerifyRequest {
  readonly kind: "spf" | "dkim";
  readonly total: number;
  /** The records of the zone by name, each of one string. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
  readonly mailHosts: Readonly<Record<string, readonly string[]>>;
  /** The signed message, for dkim. */
  readonly message: string;
}

export interface VerifyAnswer {
  readonly perSecond: number;
}

/** Gives the result of one evaluation. */
export type Verify = () => Promise<string>;

/** The address that the SPF record of the bench allows in its last term. */
export const SENDER = { ip: "192.0.2.77", sender: "a@bench.example", helo: "mx.bench.example" } as const;

/** Serves what the bench of verifying asks of a contender: one evaluation after the other, with answers from memory. */
export function serveVerifying(verifierOf: (request: VerifyRequest) => Verify): void {
  serve<VerifyRequest>("ready", async (request) => {
    const verify = verifierOf(request);
    const result = await verify();
    if (result !== "pass") throw new Error(`${request.kind} is ${result}`);
    const began = performance.now();
    for (let run = 0; run < request.total; run++) await verify();
    const answer: VerifyAnswer = { perSecond: (request.total / (performance.now() - began)) * 1000 };
    return answer;
  });
}
