import type { OutputOf } from "../../harness/probe-types.js";
import { runReport } from "../../harness/run.js";
import { printable, printableLine } from "../../support/printable.js";
import { exitCodeOf } from "../exit-codes.js";
import type { Io } from "../io.js";
import { envelopeText } from "../present.js";

/** Checks one address, and prints a summary or the envelope. */
export async function askOne(input: Readonly<Record<string, unknown>>, asJson: boolean, io: Io): Promise<number> {
  const stopping = new AbortController();
  const stopListening = io.onInterrupt(() => stopping.abort());
  try {
    const report = await runReport("mail.rcpt@1.0.0", input, { signal: stopping.signal });
    await io.out(asJson ? await envelopeText(report, io) : summaryOf(report.envelope.output as OutputOf<"mail.rcpt@1.0.0">));
    return exitCodeOf(report);
  } finally {
    stopListening();
  }
}

/** The summary for one address. */
function summaryOf({ results, helo_domain: helo }: OutputOf<"mail.rcpt@1.0.0">): string {
  const [result] = results;
  if (result === undefined) throw new Error("a run for one address gave no result");
  const { email, mx_host: host, category, code, error, enhanced_code: enhanced, message, elapsed_ms: elapsed, verdict, confidence, rule, reason } = result;
  const retry = result.retry_after_ms === null ? "" : `, worth asking again in ${Math.round(result.retry_after_ms / 60_000)} min`;
  const lines = {
    Target: email,
    MX: host ?? "-",
    HELO: helo ?? "-",
    Result: `${category}${code === null ? "" : `, reply ${code}`}${error === null ? "" : `, ${error}`}`,
    Message: [enhanced, message].filter((word) => word !== null && word !== "").join(" ") || "-",
    Elapsed: elapsed === null ? "-" : `${Math.round(elapsed)} ms`,
    Verdict: `${verdict}${confidence > 0 ? ` ${confidence}` : ""} (${rule}; ${reason}${retry})`,
  };
  return `${Object.entries(lines)
    .map(([name, value]) => `${name.padEnd(7)}: ${printableLine(printable(value))}`)
    .join("\n")}\n`;
}
