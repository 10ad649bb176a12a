import { RunSummary } from "../../formats/run-summary.js";
import type { OutputOf } from "../../harness/probe-types.js";
import { type Report, runReport } from "../../harness/run.js";
import { printable, printableLine } from "../../support/printable.js";
import { exitCodeOf } from "../exit-codes.js";
import type { Io } from "../io.js";
import { envelopeText, rendererFor } from "../present.js";

export type View = "summary" | "json" | "pretty";

/** Checks one address, and prints a summary, the envelope or the operations. */
export async function askOne(input: Readonly<Record<string, unknown>>, view: View, io: Io): Promise<number> {
  const stopping = new AbortController();
  const stopListening = io.onInterrupt(() => stopping.abort());
  try {
    const report = await runReport("mail.rcpt@1.0.0", input, { signal: stopping.signal });
    if (view === "json") await io.out(await envelopeText(report, io));
    else if (view === "pretty") await io.out(await waterfallOf(report, String(input.email), io));
    else await io.out(summaryOf(report.envelope.output as OutputOf<"mail.rcpt@1.0.0">));
    return exitCodeOf(report);
  } finally {
    stopListening();
  }
}

async function waterfallOf(report: Report, email: string, io: Io): Promise<string> {
  const renderer = await rendererFor(
    { format: "pretty", pretty: true, compact: false, json: false },
    { isList: false, isRepeated: false, targets: [email] },
    io,
  );
  const result = { probe: report.probe, target: email, report, error: null, endedAt: performance.timeOrigin + performance.now() };
  return `${renderer.item(renderer.present(result, 0), 0)}${renderer.end(new RunSummary())}`;
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
