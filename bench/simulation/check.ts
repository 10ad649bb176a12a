import type { Workshop } from "../support/workshop.js";
import { type Measured, measureRun } from "./measured-run.js";
import type { Fleet, Observed, Scenario, SiteGroup } from "./scenario.js";
import { simulate } from "./simulate.js";

/** A figure of a real run beside the simulated one. */
export interface Comparison {
  readonly name: string;
  readonly unit: "s" | "ms" | "";
  readonly measured: number;
  readonly simulated: number;
}

export interface Check {
  readonly jobs: number;
  readonly machine: Machine;
  readonly comparisons: readonly Comparison[];
  readonly isBelieved: boolean;
}

/** The model is believed if it is at most this far from a real run, in every figure. */
const MOST_OFF = 0.1;

const FLEET: Fleet = { processes: 2, cores: 2, concurrency: 48 };
export const ALL_JOBS = 50_000;
export const CALIBRATION_JOBS = 8000;
const CALIBRATION_THINK_MS = 200;
/** A job waits for the connection, the greeting, EHLO, NOOP and QUIT. */
const ROUND_TRIPS = 5;
const LIMIT = { atOnce: 4, rate: { perSecond: 10, burst: 10 } };

/** What this machine needs at this moment: from two smaller runs under the same limits, of which no site reaches its own. */
export interface Machine {
  readonly cpuMs: number;
  readonly transactionCpuMs: number;
  readonly transactionHoldMs: number;
  readonly startCpuMs: number;
  readonly roundTripMs: number;
  readonly lateMs: number;
  readonly claimMs: number;
}

export async function calibrate(workshop: Workshop, say: (text: string) => void): Promise<Machine> {
  const together = await measureRun(calibration(TOGETHER), FLEET, workshop, (text) => say(`calibration 1 of 2: ${text}`));
  const apart = await measureRun(calibration(APART), FLEET, workshop, (text) => say(`calibration 2 of 2: ${text}`));
  return machineOf(together, apart);
}

/** Runs a scenario for real and in the model. The model knows the servers, the limits, and the machine; no more. */
export async function checkModel(jobs: number, machine: Machine, workshop: Workshop, say: (text: string) => void): Promise<Check> {
  const scenario = labScenario(jobs, machine);
  const measured = await measureRun(scenario, FLEET, workshop, (text) => say(`the measured run: ${text}`));
  const comparisons = compared(scenario, measured);
  return { jobs, machine, comparisons, isBelieved: comparisons.every((each) => Math.abs(deviationOf(each)) <= MOST_OFF) };
}

/** Jobs that take equally long end together, and are claimed and stored many at a time; jobs that do not, almost one by one. */
const TOGETHER: readonly number[] = [CALIBRATION_THINK_MS];
const APART: readonly number[] = [95, 125, 155, 185, 215, 245, 275, 305];

/** Two equations: the processor time of a run is that of its jobs and that of its transactions, and both are counted. */
function machineOf(together: Measured, apart: Measured): Machine {
  const [some, many] = [warmHalf(together), warmHalf(apart)];
  const more = many.transactions - some.transactions;
  const transactionCpuMs = Math.max(0, (many.cpuMs - some.cpuMs) / more);
  const transactionHoldMs = Math.min(transactionCpuMs, Math.max(0, (many.mainCpuMs - some.mainCpuMs) / more));
  const cpuMs = Math.max(0, many.cpuMs - many.transactions * transactionCpuMs);
  const startCpuMs = apart.cpuMs === null ? 0 : Math.max(0, apart.cpuMs - many.cpuMs * CALIBRATION_JOBS) / FLEET.processes;
  const machine = (lateMs: number, claimMs: number): Machine => {
    const roundTripMs = Math.max(0, apart.meanRunMs - CALIBRATION_THINK_MS - lateMs / 2 - cpuMs) / ROUND_TRIPS;
    return { cpuMs, transactionCpuMs, transactionHoldMs, startCpuMs, roundTripMs, lateMs, claimMs };
  };
  const run = (each: Machine): Observed => simulate(calibration(APART, each), FLEET);
  const lateMs = fitted(MOST_LATE_MS, (late) => run(machine(late, USUAL_CLAIM_MS)).runSpreadMs < apart.runSpreadMs);
  // Slots are always taken, so the time of the run says how long one is free between two jobs.
  return machine(
    lateMs,
    fitted(MOST_CLAIM_MS, (claimMs) => run(machine(lateMs, claimMs)).totalMs < apart.totalMs),
  );
}

/** For a job, once the code is compiled. */
function warmHalf({ cpuMs, mainCpuMs, transactions, firstHalf }: Measured): { cpuMs: number; mainCpuMs: number; transactions: number } {
  const jobs = CALIBRATION_JOBS - firstHalf.jobs;
  const each = (all: number | null, half: number | null): number => (all === null || half === null ? DEFAULT_CPU_MS : (all - half) / jobs);
  return { cpuMs: each(cpuMs, firstHalf.cpuMs), mainCpuMs: each(mainCpuMs, firstHalf.mainCpuMs), transactions: (transactions - firstHalf.transactions) / jobs };
}

/** The value up to `most` for which the model does in the calibration what was measured. */
function fitted(most: number, isTooLittle: (value: number) => boolean): number {
  let [low, high] = [0, most];
  for (let tried = 0; tried < TRIES; tried += 1) {
    const value = (low + high) / 2;
    if (isTooLittle(value)) low = value;
    else high = value;
  }
  return (low + high) / 2;
}

const MOST_LATE_MS = 50;
const USUAL_CLAIM_MS = 2;
const MOST_CLAIM_MS = 100;
const TRIES = 14;

/** Where the system does not say what a process used. */
const DEFAULT_CPU_MS = 0.3;

export function deviationOf({ measured, simulated }: Comparison): number {
  return simulated / measured - 1;
}

function compared(scenario: Scenario, measured: Measured): Comparison[] {
  const simulated = simulate(scenario, FLEET);
  const cpu: Comparison[] =
    measured.cpuMs === null ? [] : [{ name: "processor time of all jobs", unit: "s", measured: measured.cpuMs / 1000, simulated: simulated.cpuMs / 1000 }];
  return [
    { name: "until the last job is done", unit: "s", measured: measured.totalMs / 1000, simulated: simulated.totalMs / 1000 },
    { name: "until 99 % are done", unit: "s", measured: measured.mostMs / 1000, simulated: simulated.mostMs / 1000 },
    { name: "duration of a run", unit: "ms", measured: measured.meanRunMs, simulated: simulated.meanRunMs },
    { name: "attempts", unit: "", measured: measured.attempts, simulated: simulated.attempts },
    { name: "transactions of the store", unit: "", measured: measured.transactions, simulated: simulated.transactions },
    { name: "failures", unit: "", measured: measured.failed, simulated: simulated.failed },
    ...cpu,
  ];
}

const NONE: Machine = { cpuMs: 0, transactionCpuMs: 0, transactionHoldMs: 0, startCpuMs: 0, roundTripMs: 0, lateMs: 0, claimMs: 0 };

function calibration(thinkMs: readonly number[], machine: Machine = NONE): Scenario {
  const groups = thinkMs.map((each) => groupOf(`calibration-${each}`, 320 / thinkMs.length, CALIBRATION_JOBS / thinkMs.length, each, machine));
  return { ...labScenario(0, machine), name: "calibration", groups };
}

/** Five kinds of sites, each bound by something else: its rate, its jobs at once, the slots of the workers, its greylisting, its silence. */
function labScenario(jobs: number, machine: Machine): Scenario {
  const share = (of: number): number => Math.round((jobs * of) / ALL_JOBS);
  return {
    name: "laboratory",
    course: { ...courseOf(machine), roundTrips: ROUND_TRIPS },
    groups: [
      groupOf("large", 6, share(6000), 50, machine),
      groupOf("slow", 10, share(3000), 600, machine),
      groupOf("usual", 400, share(38_000), 200, machine),
      { ...groupOf("greylisting", 20, share(2000), 200, machine), greylistShare: 1 },
      { ...groupOf("silent", 5, share(1000), 0, machine), silentShare: 1 },
    ],
    arriveOverMs: 0,
    timeoutMs: 2000,
    deferMs: [0, 10_000],
    claimMs: machine.claimMs,
    shortCpuShare: 0.7,
    seed: 1,
  };
}

function courseOf({ cpuMs, transactionCpuMs, transactionHoldMs, startCpuMs }: Machine) {
  return { cpuMs, transactionCpuMs, transactionHoldMs, startCpuMs };
}

function groupOf(name: string, sites: number, jobs: number, thinkMs: number, { roundTripMs, lateMs }: Machine): SiteGroup {
  return { name, sites, jobs, roundTripMs, spread: 0, thinkMs, lateMs, limit: LIMIT, silentShare: 0, greylistShare: 0 };
}
