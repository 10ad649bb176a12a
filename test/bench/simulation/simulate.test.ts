import { describe, expect, test } from "vitest";
import type { Scenario, SiteGroup } from "../../../bench/simulation/scenario.js";
import { simulate } from "../../../bench/simulation/simulate.js";

const CLAIM_MS = 2;
const TRANSACTION_MS = 0.5;
/** As in runner/queue: a result waits for others for this long if its worker waits for jobs. */
const LINGER_MS = 4;
const GATHER_MS = 2;
const POLL_MS = 10;

const GROUP: SiteGroup = {
  name: "sites",
  sites: 10,
  jobs: 1000,
  roundTripMs: 20,
  spread: 0,
  thinkMs: 0,
  lateMs: 0,
  limit: null,
  silentShare: 0,
  greylistShare: 0,
};

function scenarioOf(group: Partial<SiteGroup>, more: Partial<Scenario> = {}): Scenario {
  return {
    name: "test",
    course: { cpuMs: 0.25, transactionCpuMs: TRANSACTION_MS, transactionHoldMs: TRANSACTION_MS, startCpuMs: 0, roundTrips: 4 },
    groups: [{ ...GROUP, ...group }],
    arriveOverMs: 0,
    timeoutMs: 10_000,
    deferMs: [60_000, 60_000],
    claimMs: CLAIM_MS,
    shortCpuShare: 0.5,
    seed: 1,
    ...more,
  };
}

describe("the simulation agrees with what can be computed:", () => {
  test("one job takes its round trips and its processor time", () => {
    const { totalMs, meanRunMs, cpuMs, transactions } = simulate(scenarioOf({ sites: 1, jobs: 1 }), { processes: 1, cores: 1, concurrency: 1 });
    // The claim that follows stores the result, too, and finds no job.
    expect(transactions).toBe(2);
    expect(totalMs).toBeCloseTo(TRANSACTION_MS + CLAIM_MS + 4 * 20 + 0.25 + TRANSACTION_MS, 9);
    expect(meanRunMs).toBeCloseTo(4 * 20 + 0.25, 9);
    expect(cpuMs).toBeCloseTo(0.25 + 2 * TRANSACTION_MS, 9);
  });

  test("with few slots, the slots are the limit: jobs times duration divided by slots", () => {
    const { totalMs, peakInFlight } = simulate(scenarioOf({}), { processes: 1, cores: 1, concurrency: 10 });
    expect(totalMs / (((GATHER_MS + CLAIM_MS + TRANSACTION_MS + 80.25) * 1000) / 10)).toBeCloseTo(1, 1);
    // A job that is being stored has left its slot.
    expect(peakInFlight).toBeLessThanOrEqual(20);
  });

  test("with enough slots, the processor is the limit; a second process with a core of its own halves it, without one it does not", () => {
    const scenario = scenarioOf({ jobs: 20_000 });
    const one = simulate(scenario, { processes: 1, cores: 1, concurrency: 2000 });
    expect(one.totalMs / (20_000 * 0.25)).toBeCloseTo(1, 1);
    expect(one.utilization).toBeGreaterThan(0.95);
    expect(simulate(scenario, { processes: 2, cores: 2, concurrency: 2000 }).totalMs / one.totalMs).toBeCloseTo(0.5, 1);
    expect(simulate(scenario, { processes: 2, cores: 1, concurrency: 2000 }).totalMs / one.totalMs).toBeCloseTo(1, 1);
  });

  test("a rate limit of each site is the limit, however large the fleet is; the burst comes first", () => {
    const limit = { atOnce: null, rate: { perSecond: 5, burst: 5 } };
    const { totalMs } = simulate(scenarioOf({ limit }), { processes: 4, cores: 4, concurrency: 1000 });
    expect(totalMs / 1000).toBeCloseTo((100 - 5) / 5, 0);
  });

  test("a limit of jobs at once holds a place at the site until the result is stored", () => {
    const limit = { atOnce: 2, rate: null };
    const { totalMs, peakInFlight } = simulate(scenarioOf({ limit }), { processes: 1, cores: 1, concurrency: 1000 });
    expect(peakInFlight).toBe(20);
    const heldMs = CLAIM_MS + 80.25 + LINGER_MS + TRANSACTION_MS;
    // The worker looks for jobs at fixed intervals.
    expect(totalMs / 50).toBeGreaterThan(heldMs);
    expect(totalMs / 50).toBeLessThan(heldMs + POLL_MS + TRANSACTION_MS);
  });

  test("sites that stay silent end in failures after the timeout, and occupy slots meanwhile", () => {
    const { failed, totalMs, jobs } = simulate(scenarioOf({ silentShare: 1 }), { processes: 1, cores: 1, concurrency: 100 });
    expect([jobs, failed]).toEqual([1000, 1000]);
    expect(totalMs / 100_000).toBeCloseTo(1, 1);
  });

  test("greylisting defers each job once", () => {
    const { attempts, jobs, failed, totalMs } = simulate(scenarioOf({ greylistShare: 1 }), { processes: 1, cores: 1, concurrency: 1000 });
    expect([jobs, attempts, failed]).toEqual([1000, 2000, 0]);
    expect(totalMs).toBeGreaterThan(60_000);
    expect(totalMs).toBeLessThan(62_000);
  });

  test("jobs that arrive over time wait for nothing on a fleet that is large enough, and for long on one that is too small", () => {
    const scenario = scenarioOf({ jobs: 6000 }, { arriveOverMs: 60_000 });
    const enough = simulate(scenario, { processes: 1, cores: 1, concurrency: 100 });
    expect(enough.waitP99Ms).toBeLessThan(POLL_MS + CLAIM_MS + 5);
    // A job starts when its claim has been answered.
    expect(enough.waitP50Ms).toBeGreaterThan(CLAIM_MS + TRANSACTION_MS);
    // 100 jobs a second of 80 ms are eight at once (Little's law).
    expect(enough.meanInFlight).toBeCloseTo(8, 0);
    expect(simulate(scenario, { processes: 1, cores: 1, concurrency: 4 }).waitP99Ms).toBeGreaterThan(10_000);
  });
});

describe("transactions of the store:", () => {
  const many = { processes: 1, cores: 1, concurrency: 32 };

  test("jobs that take equally long are claimed together, others almost one by one", () => {
    const together = simulate(scenarioOf({ thinkMs: 200, sites: 100, jobs: 4000 }), many);
    const apart = simulate(scenarioOf({ thinkMs: 200, spread: 0.7, sites: 100, jobs: 4000 }), many);
    expect(together.transactions).toBeLessThan(4000 / 4);
    expect(apart.transactions).toBeGreaterThan(4000 / 3);
    // An answer that comes a little earlier or later every time has the same effect.
    const late = simulate(scenarioOf({ thinkMs: 190, lateMs: 20, sites: 100, jobs: 4000 }), many);
    expect(late.transactions).toBeGreaterThan(4000 / 3);
    expect(late.runSpreadMs).toBeGreaterThan(8);
    expect(together.runSpreadMs).toBeLessThan(4);
    expect(apart.cpuMs - together.cpuMs).toBeCloseTo((apart.transactions - together.transactions) * TRANSACTION_MS, 6);
  });

  test("what other threads do of a transaction costs processor time, and holds no job up", () => {
    const scenario = scenarioOf({ sites: 1, jobs: 1 });
    const course = { ...scenario.course, transactionHoldMs: 0 };
    const { totalMs, cpuMs } = simulate({ ...scenario, course }, { processes: 1, cores: 1, concurrency: 1 });
    expect(totalMs).toBeCloseTo(CLAIM_MS + 4 * 20 + 0.25, 9);
    expect(cpuMs).toBeCloseTo(0.25 + 2 * TRANSACTION_MS, 9);
  });

  test("the end of a job whose key waits for its bucket costs a claim that finds nothing", () => {
    const limit = { atOnce: null, rate: { perSecond: 2, burst: 1 } };
    const waiting = simulate(scenarioOf({ sites: 1, jobs: 50, limit }), many);
    const none = simulate(scenarioOf({ sites: 1, jobs: 50, limit }, { arriveOverMs: 50_000 }), many);
    // A claim and a result for each job, and behind all but the last one the claim that finds nothing.
    expect(none.transactions).toBe(2 * 50);
    expect(waiting.transactions).toBe(3 * 50 - 1);
  });

  test("a worker that is saturated gathers half of its slots", () => {
    const { transactions } = simulate(scenarioOf({ roundTripMs: 0.1, spread: 0.7, sites: 100, jobs: 4000 }), many);
    expect(transactions).toBeLessThan(4000 / 8);
  });
});

test("the same seed gives the same answer, another seed another one near it", () => {
  const fleet = { processes: 2, cores: 2, concurrency: 50 };
  const scenario = scenarioOf({ spread: 0.8, silentShare: 0.2, greylistShare: 0.2, jobs: 5000, sites: 100 });
  const first = simulate(scenario, fleet);
  expect(simulate(scenario, fleet)).toEqual(first);
  const other = simulate({ ...scenario, seed: 2 }, fleet);
  expect(other.totalMs).not.toBe(first.totalMs);
  expect(other.jobs).toBe(first.jobs);
});

test("every job ends exactly once, whatever the limits, failures and deferrals are", () => {
  const limit = { atOnce: 2, rate: { perSecond: 3, burst: 3 } };
  for (let seed = 1; seed <= 20; seed += 1) {
    const scenario = scenarioOf(
      { limit, spread: 1, silentShare: 0.3, greylistShare: 0.3, jobs: 700, sites: 33 },
      { seed, arriveOverMs: seed % 2 === 0 ? 0 : 30_000 },
    );
    const { jobs, attempts, failed } = simulate(scenario, { processes: 3, cores: 2, concurrency: 7 });
    expect(jobs).toBe(700);
    expect(attempts).toBeGreaterThanOrEqual(700);
    expect(failed).toBeLessThan(700);
  }
});
