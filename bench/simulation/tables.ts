import { numeral } from "../support/table.js";
import { CALIBRATION_JOBS, type Check, deviationOf } from "./check.js";
import type { Costs } from "./costs.js";
import type { Sized } from "./size-fleet.js";

/** The measured run beside the simulated one, as Markdown. */
export function checkTable({ jobs, machine, comparisons, isBelieved }: Check, { load, processors }: { load: number; processors: number }): string {
  const rows = comparisons.map((each) => {
    const percent = deviationOf(each) * 100;
    return `| ${each.name} | ${`${numeral(each.measured)} ${each.unit}`.trim()} | ${`${numeral(each.simulated)} ${each.unit}`.trim()} | ${percent < 0 ? "" : "+"}${percent.toFixed(1)} % |`;
  });
  const head = [`| ${jobs.toLocaleString("en")} jobs | measured | simulated | |`, "| --- | --- | --- | --- |"];
  const verdict = isBelieved ? "Every figure is within 10 %." : "**Not every figure is within 10 %: the model is not confirmed by this run.**";
  const { cpuMs, transactionCpuMs, transactionHoldMs, roundTripMs, lateMs, claimMs } = machine;
  const processor = `${numeral(cpuMs)} ms of processor time for a job and ${numeral(transactionCpuMs)} ms for a transaction, ${numeral(transactionHoldMs)} ms of it in the thread that runs the jobs`;
  const known = `Calibrated with ${(2 * CALIBRATION_JOBS).toLocaleString("en")} other jobs under the same limits: ${processor}, ${numeral(roundTripMs)} ms for a round trip on the loopback and up to ${numeral(lateMs)} ms more for the slow answer, ${numeral(claimMs)} ms from a claim until its jobs run.`;
  return [...head, ...rows, "", `${verdict} Load average before the run: ${load.toFixed(1)} on ${processors} processors. ${known}`].join("\n");
}

export function costsTable({ smtpMs, rcptMs, mxMs, queueMs, transactionMs }: Costs): string {
  const rows = [
    ["`network.smtp`, in plain text", smtpMs],
    ["`mail.rcpt`, a session for each address, in plain text", rcptMs],
    ["`mail.mx`, from the cache", mxMs],
    ["the queue, for each job", queueMs],
    ["the queue, for each transaction", transactionMs],
  ] as const;
  return ["| Processor time | ms |", "| --- | --- |", ...rows.map(([name, cost]) => `| ${name} | ${cost.toFixed(3)} |`)].join("\n");
}

/** What a fleet needs for each plan. A slice is shown in the size of its whole. */
export function fleetTable(sized: readonly Sized[]): string {
  const head = [
    "| Work | Limits | Processes × concurrency | Runs at once, mean and most | Cores in use | Done after | What decides |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  return [...head, ...sized.map(fleetRow)].join("\n");
}

function fleetRow(each: Sized): string {
  const { plan, fleet, observed } = each;
  const cells = [
    plan.scenario.name,
    plan.limits,
    `${fleet.processes} × ${fleet.concurrency}`,
    `${numeral(Math.round(observed.meanInFlight))}, ${numeral(observed.peakInFlight)}`,
    (observed.utilization * fleet.processes).toFixed(2),
    plan.deadlineMs === null ? `every minute; 99 % start at most ${numeral(observed.waitP99Ms)} ms late` : durationText(observed.totalMs * plan.slice),
    decider(each),
  ];
  return `| ${cells.join(" | ")} |`;
}

function decider({ bound, isEnough, observed }: Sized): string {
  if (bound !== null) return `**not possible in time.** ${bound}`;
  if (!isEnough) return "**no fleet that was tried is enough**";
  return observed.utilization > 0.5 ? "the processors" : "the slots: a job mostly waits";
}

function durationText(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} days`;
}
