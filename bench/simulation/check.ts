import type { Workshop } from "../support/workshop.js";
import { type Measured, measureRun } from "./measured-run.js";
import type { Fleet, Scenario, SiteGroup } from "./scenario.js";
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

const FLEET: Fleet = { processes: 2, cores: 2, concurrency: 32 };
export const ALL_JOBS = 50_000;
const CALIBRATION_JOBS = 6000;
const CALIBRATION_THINK_MS = 200;
/** A job waits for the connection, the greeting, EHLO, NOOP and QUIT. */
const ROUND_TRIPS = 5;
const LIMIT = { atOnce: 4, rate: { perSecond: 10, burst: 10 } };

/**
 * What this machine needs for a job at this moment: from a smaller run with one kind of site. Only the slots hold it up, but it has the same limits: a
 * claim under limits costs more, although no site reaches its own.
 */
export interface Machine {
  readonly cpuMs: number;
  readonly startCpuMs: number;
  readonly roundTripMs: number;
  readonly claimMs: number;
}

/** Runs a scenario for real and in the model. The model knows the servers, the limits, and the machine; no more. */
export async function checkModel(jobs: number, workshop: Workshop, say: (text: string) => void): Promise<Check> {
  const machine = machineOf(await measureRun(calibration(), FLEET, workshop, (text) => say(`calibration: ${text}`)));
  const scenario = labScenario(jobs, machine);
  const measured = await measureRun(scenario, FLEET, workshop, (text) => say(`the measured run: ${text}`));
  const comparisons = compared(scenario, measured);
  return { jobs, machine, comparisons, isBelieved: comparisons.every((each) => Math.abs(deviationOf(each)) <= MOST_OFF) };
}

/** The second half of a run is warm. Slots that are always taken say how long a slot is free between two jobs (Little's law). */
function machineOf({ cpuMs, firstHalfCpuMs, meanRunMs, totalMs }: Measured): Machine {
  const slots = FLEET.processes * FLEET.concurrency;
  const warmCpuMs = cpuMs === null || firstHalfCpuMs === null ? DEFAULT_CPU_MS * CALIBRATION_JOBS * 0.5 : cpuMs - firstHalfCpuMs;
  const perJob = warmCpuMs / (CALIBRATION_JOBS / 2);
  return {
    cpuMs: perJob,
    startCpuMs: cpuMs === null ? 0 : Math.max(0, cpuMs - perJob * CALIBRATION_JOBS) / FLEET.processes,
    roundTripMs: Math.max(0, meanRunMs - CALIBRATION_THINK_MS - perJob) / ROUND_TRIPS,
    claimMs: Math.max(0, (slots * totalMs) / CALIBRATION_JOBS - meanRunMs),
  };
}

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
    { name: "failures", unit: "", measured: measured.failed, simulated: simulated.failed },
    ...cpu,
  ];
}

function calibration(): Scenario {
  const none = { cpuMs: 0, startCpuMs: 0, roundTripMs: 0, claimMs: 0 };
  const group = groupOf("calibration", 300, CALIBRATION_JOBS, CALIBRATION_THINK_MS, none);
  return { ...labScenario(0, none), name: "calibration", groups: [group] };
}

/** Five kinds of sites, each bound by something else: its rate, its jobs at once, the slots of the workers, its greylisting, its silence. */
function labScenario(jobs: number, machine: Machine): Scenario {
  const share = (of: number): number => Math.round((jobs * of) / ALL_JOBS);
  return {
    name: "laboratory",
    course: { cpuMs: machine.cpuMs, startCpuMs: machine.startCpuMs, roundTrips: ROUND_TRIPS },
    groups: [
      groupOf("large", 4, share(6000), 50, machine),
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

function groupOf(name: string, sites: number, jobs: number, thinkMs: number, { roundTripMs }: Machine): SiteGroup {
  return { name, sites, jobs, roundTripMs, spread: 0, thinkMs, limit: LIMIT, silentShare: 0, greylistShare: 0 };
}
