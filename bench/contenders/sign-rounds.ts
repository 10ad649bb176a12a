import { keepInFlight } from "../support/in-flight.js";
import { serve } from "../support/serve.js";

export interface SignRequest {
  readonly bodyBytes: number;
  readonly total: number;
  readonly concurrency: number;
  /** In PEM; its type decides the algorithm. */
  readonly privateKey: string;
}

export interface SignAnswer {
  readonly perSecond: number;
}

/** Gives the signed message as bytes that are ready to be sent. */
export type Sign = (message: Buffer) => Promise<Buffer>;

const HEADER = [
  "From: Bench <bench@bench.example>",
  "To: Ada <ada@example.net>",
  "Subject: A message of a given size",
  "Date: Fri, 20 Nov 2026 06:00:00 +0000",
  "Message-ID: <1@bench.example>",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=utf-8",
].join("\r\n");
const LINE = "The quick brown fox jumps over the lazy dog, as it does in most of such texts.\r\n";

/** Serves what the bench of signing asks of a contender. */
export function serveSigning(signerOf: (privateKey: string) => Sign): void {
  serve<SignRequest>("ready", async ({ bodyBytes, total, concurrency, privateKey }) => {
    const sign = signerOf(privateKey);
    const message = Buffer.from(`${HEADER}\r\n\r\n${LINE.repeat(Math.ceil(bodyBytes / LINE.length))}`);
    const signed = await sign(message);
    if (!signed.includes("DKIM-Signature: ") || !signed.subarray(-message.length).equals(message)) throw new Error("the message was not signed");
    const began = performance.now();
    await keepInFlight(total, concurrency, () => sign(message));
    const answer: SignAnswer = { perSecond: (total / (performance.now() - began)) * 1000 };
    return answer;
  });
}
