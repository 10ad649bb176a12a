import { serve } from "../support/serve.js";

export interface VerifyRequest {
  readonly kind: "spf" | "dkim";
  readonly total: number;
  /** The records of the zone by name, each of one string. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
  readonly mailHosts: Readonly<Record<string, readonly string[]>>;
  /** The domains that send, one after the other. */
  readonly senders: readonly string[];
  /** The header of each one's signed message, for dkim; all have the same body. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface VerifyAnswer {
  readonly perSecond: number;
}

/** Gives the result of the evaluation of one sender, by its index. */
export type Verify = (sender: number) => Promise<string>;

/** The address that each SPF record of the bench allows in its last term. */
export function senderOf(domain: string): { readonly ip: string; readonly sender: string; readonly helo: string } {
  return { ip: "192.0.2.77", sender: `a@${domain}`, helo: `mx.${domain}` };
}

export function messagesOf({ headers, body }: VerifyRequest): Buffer[] {
  return headers.map((header) => Buffer.from(`${header}${body}`, "latin1"));
}

/** Serves what the bench of verifying asks of a contender: one evaluation after the other, with answers from memory. */
export function serveVerifying(verifierOf: (request: VerifyRequest) => Verify): void {
  serve<VerifyRequest>("ready", async (request) => {
    const verify = verifierOf(request);
    const senders = request.senders.length;
    const result = await verify(0);
    if (result !== "pass") throw new Error(`${request.kind} is ${result}`);
    const began = performance.now();
    for (let run = 0; run < request.total; run++) await verify(run % senders);
    const answer: VerifyAnswer = { perSecond: (request.total / (performance.now() - began)) * 1000 };
    return answer;
  });
}
