import { serve } from "../support/serve.js";

export interface SendRequest {
  readonly port: number;
  /** Of the message's text; its header comes on top. */
  readonly bodyBytes: number;
  readonly total: number;
  readonly connections: number;
  /** reused: every connection carries many messages. fresh: one each. */
  readonly way: "reused" | "fresh";
  /** For nodemailer: whether what it writes leaves at once. */
  readonly noDelay: boolean;
}

export interface SendAnswer {
  readonly perSecond: number;
}

export const SENDER = "bench@bench.example";
export const RECIPIENT = "somebody@bench.example";
export const SUBJECT = "[bench]";

const LINE = "The quick brown fox jumps over the lazy dog, as it does in such texts.\r\n";

export function textOf(bytes: number): string {
  return `${LINE.repeat(Math.floor(bytes / LINE.length))}${"x".repeat(Math.max(0, (bytes % LINE.length) - 2))}\r\n`;
}

/** A message that is ready to be sent, with about the header that smtp-source gives its own. */
export function messageOf(bytes: number): Buffer {
  const header = [
    `From: <${SENDER}>`,
    `To: <${RECIPIENT}>`,
    "Date: Fri, 20 Nov 2026 06:00:00 +0000",
    "Message-Id: <0001.0002.0003@bench.example>",
    `Subject: ${SUBJECT} from bench.example`,
  ].join("\r\n");
  return Buffer.from(`${header}\r\n\r\n${textOf(bytes)}`);
}

/** Sends them all, or fails. */
export type SendAll = (request: SendRequest) => Promise<void>;

/** Serves what the bench of sending asks of a contender. */
export function serveSending(sendAll: SendAll): void {
  serve<SendRequest>("ready", async (request) => {
    const began = performance.now();
    await sendAll(request);
    const answer: SendAnswer = { perSecond: (request.total / (performance.now() - began)) * 1000 };
    return answer;
  });
}
