import { MOST_LATE_MS, type Plan } from "./plans.js";
import type { Fleet, Observed, Scenario, SiteGroup } from "./scenario.js";
import { simulate } from "./simulate.js";

export interface Sized {
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly observed: Observed;
  /** False: no fleet of this size limit is enough, or the limits of the sites forbid it. */
  readonly isEnough: boolean;
  /** What takes longest whatever the fleet is: the site whose limit lets its jobs through last. Null: no limit needs longer than the deadline. */
  readonly bound: string | null;
}

/** A busy core answers late: times are trusted up to this utilization. */
const MOST_UTILIZATION = 0.6;
/** One process handles some hundreds of runs at once (docs/queues.md). */
const MOST_CONCURRENCY = 500;
const CONCURRENCY_STEP = 8;
/** Slots for the uneven arrival of jobs. */
const RESERVE = 1.25;
const TRIES = 12;

/** The smallest fleet that does it: a first guess by Little's law, then larger ones until the simulation agrees. */
export function sizeFleet(plan: Plan): Sized {
  const { scenario } = plan;
  const bound = boundOf(plan);
  let fleet = guess(plan);
  for (let tried = 1; ; tried += 1) {
    const observed = simulate(scenario, fleet);
    const isEnough = meets(plan, observed);
    if (isEnough || bound !== null || tried === TRIES) return { plan, fleet, observed, isEnough, bound };
    fleet = larger(fleet);
  }
}

function meets({ deadlineMs, scenario }: Plan, { totalMs, waitP99Ms, utilization }: Observed): boolean {
  if (deadlineMs !== null) return totalMs <= deadlineMs;
  return utilization <= MOST_UTILIZATION && waitP99Ms <= MOST_LATE_MS && totalMs <= scenario.arriveOverMs + 60_000;
}

function larger({ processes, concurrency }: Fleet): Fleet {
  const more = Math.ceil((concurrency * 1.4) / CONCURRENCY_STEP) * CONCURRENCY_STEP;
  return more <= MOST_CONCURRENCY ? { processes, cores: processes, concurrency: more } : fleetOf(processes + 1, concurrency);
}

function guess({ scenario, deadlineMs }: Plan): Fleet {
  const timeMs = deadlineMs ?? scenario.arriveOverMs;
  const jobs = scenario.groups.reduce((sum, group) => sum + group.jobs, 0);
  const processes = Math.ceil((jobs * scenario.course.cpuMs) / timeMs / MOST_UTILIZATION);
  const slots = (RESERVE * scenario.groups.reduce((sum, group) => sum + group.jobs * slotMs(group, scenario), 0)) / timeMs;
  const needed = Math.max(processes, Math.ceil(slots / MOST_CONCURRENCY));
  return fleetOf(needed, Math.ceil(slots / needed / CONCURRENCY_STEP) * CONCURRENCY_STEP);
}

function fleetOf(processes: number, concurrency: number): Fleet {
  return { processes, cores: processes, concurrency };
}

/** How long a job occupies a slot on average. The mean of a log-normal factor is exp(sigma² / 2). */
function slotMs({ roundTripMs, spread, thinkMs, silentShare, greylistShare }: SiteGroup, { course, claimMs, timeoutMs }: Scenario): number {
  const answered = course.roundTrips * roundTripMs * Math.exp(spread ** 2 / 2) * (1 + greylistShare / 2) + thinkMs;
  return claimMs + course.cpuMs + silentShare * timeoutMs + (1 - silentShare) * answered;
}

function boundOf({ scenario, deadlineMs, slice }: Plan): string | null {
  if (deadlineMs === null) return null;
  const late = scenario.groups.filter((group) => leastMs(group, scenario) > deadlineMs);
  const [first] = late;
  return first === undefined ? null : `${first.name}: its limit takes ${((leastMs(first, scenario) * slice) / 86_400_000).toFixed(1)} days`;
}

/** The time that a site's limit takes at least for its jobs. */
function leastMs(group: SiteGroup, scenario: Scenario): number {
  const { limit, jobs, sites } = group;
  if (limit === null) return 0;
  const own = jobs / sites;
  const byRate = limit.rate === null ? 0 : ((own - limit.rate.burst) / limit.rate.perSecond) * 1000;
  return Math.max(byRate, limit.atOnce === null ? 0 : (own * slotMs({ ...group, silentShare: 0 }, scenario)) / limit.atOnce);
}
