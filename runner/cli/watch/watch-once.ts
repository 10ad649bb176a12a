import type { RunResult } from "../../formats/run-result.js";
import { RunSummary } from "../../formats/run-summary.js";
import { printable } from "../../support/printable.js";
import { type Ran, runCheck } from "../../watch/run-check.js";
import type { WatchedCheck } from "../../watch/watch-plan.js";
import { InOrder } from "../emit-in-order.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { rendererFor } from "../present.js";
import type { ReadWatch } from "./read-watch.js";
import type { WatchOptions } from "./watch-options.js";

/** Runs every check once and prints the results in the order of the file. */
export async function watchOnce({ plan, suite: { suite } }: ReadWatch, given: WatchOptions, concurrency: number | null, io: Io): Promise<number> {
  const options = { format: given.format ?? "pretty", pretty: false, compact: false, json: false };
  const renderer = await rendererFor(options, { isList: true, isRepeated: false, targets: plan.checks.map(({ name }) => name) }, io);
  const stopping = new AbortController();
  const stopListening = io.onInterrupt(() => stopping.abort());
  const summary = new RunSummary();
  const printed = new InOrder<string>((text, index) => io.out(renderer.item(text, index)));
  let worst: number = EXIT.ok;
  const one = async (check: WatchedCheck, index: number): Promise<void> => {
    const ran = await runCheck(check, stopping.signal);
    const result = resultOf(check, ran);
    worst = Math.max(worst, ran.report === null ? EXIT.couldNotRun : ran.outcome === "error" ? EXIT.failed : EXIT.ok);
    if (ran.report === null) io.err(`probe-run: ${printable(`${check.name} could not be run: ${ran.reasons.join("; ")}`)}\n`);
    summary.add(result.report);
    await printed.add(index, renderer.present(result, index));
  };
  await forEach(plan.checks, concurrency ?? suite.concurrency, one);
  stopListening();
  await io.out(renderer.end(summary));
  return renderer.exitCode?.() ?? worst;
}

/** A run as the suite judges it: what is not as expected is a finding, and a failure that is expected is none. */
function resultOf({ name, planned }: WatchedCheck, { report, outcome, reasons }: Ran): RunResult {
  const base = { probe: report?.probe ?? planned.check.probe, target: name, endedAt: performance.timeOrigin + performance.now() };
  if (report === null) return { ...base, report, error: reasons.join("; ") };
  const { failure, status } = report.carried;
  const isAsExpected = outcome !== "error";
  const unmet = reasons.map((message) => ({ severity: "error" as const, reason: "expectation", message, expected: null, actual: null }));
  const { findings = [] } = report.carried as { findings?: readonly object[] };
  const carried = {
    ...report.carried,
    status: isAsExpected ? (outcome === "warning" ? "warning" : "ok") : "error",
    failure: isAsExpected && status === "error" ? null : failure,
    findings: isAsExpected && status === "error" ? [] : [...unmet, ...findings],
  } as typeof report.carried;
  return { ...base, report: { ...report, carried }, error: null };
}

async function forEach<Item>(items: readonly Item[], concurrency: number, work: (item: Item, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as Item, index);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
