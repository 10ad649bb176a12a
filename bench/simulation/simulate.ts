import { GATHER } from "../../runner/queue/timing.js";
import { meanSpread, percentile } from "../support/statistics.js";
import { EventHeap } from "./event-heap.js";
import { logNormal, randomOf } from "./random.js";
import { RunningJobs } from "./running-jobs.js";
import type { Fleet, Observed, Scenario } from "./scenario.js";
import { Sites } from "./sites.js";
import { Worker } from "./worker.js";

/** Of millions of waits, this many are kept for the percentiles: every one of a run of 50,000 jobs. */
const WAITS_KEPT = 100_000;

/** Runs a scenario on a fleet: events in the order of time, and no clock but theirs. The same seed gives the same answer. */
export function simulate(scenario: Scenario, fleet: Fleet): Observed {
  return new Simulation(scenario, fleet).run();
}

const ARRIVAL = 0;
const TOKEN = 1;
const STEP = 2;
const RETRY = 3;
const GATHERED = 4;
const CLAIMED = 5;
const STORE = 6;
const LOOK = 7;
const KINDS = 8;

class Simulation {
  readonly #random: () => number;
  readonly #sites: Sites;
  readonly #events = new EventHeap();
  readonly #jobs = new RunningJobs();
  /** Sites with a job that may start, by the place of that job in the queue. */
  readonly #ready = new EventHeap();
  readonly #workers: readonly Worker[];
  readonly #slowdown: number;
  readonly #arrivals: Map<number, number[]> = new Map();
  readonly #total: number;
  readonly #waits: number[] = [];
  #now = 0;
  #started = 0;
  #done = 0;
  #attempts = 0;
  #transactions = 0;
  /** A job of a key with delayed jobs has ended: the next claim checks whether the limit allows another one, also if it does not. */
  #isKeyToCheck = false;
  #failed = 0;
  #cpuMs: number;
  /** Of the last attempts, and of all. */
  #runMs = 0;
  #heldMs = 0;
  #inFlight = 0;
  #peak = 0;
  #mostMs = 0;
  readonly #groupEnds: number[];
  readonly #groupRuns: readonly number[][];

  constructor(
    readonly scenario: Scenario,
    readonly fleet: Fleet,
  ) {
    this.#random = randomOf(scenario.seed);
    this.#sites = new Sites(scenario.groups, this.#random);
    this.#workers = Array.from({ length: fleet.processes }, () => new Worker(fleet.concurrency));
    this.#slowdown = Math.max(1, fleet.processes / fleet.cores);
    this.#cpuMs = scenario.course.startCpuMs * fleet.processes;
    this.#total = scenario.groups.reduce((sum, { jobs }) => sum + jobs, 0);
    this.#groupEnds = scenario.groups.map(() => 0);
    this.#groupRuns = scenario.groups.map(() => []);
  }

  run(): Observed {
    if (this.scenario.arriveOverMs === 0) this.#arriveAtOnce();
    else this.#arriveOverTime();
    for (const process of this.#workers.keys()) this.#gather(process);
    while (!this.#events.isEmpty) {
      this.#now = this.#events.nextTime;
      this.#handle(this.#events.take());
    }
    return this.#observed();
  }

  #arriveAtOnce(): void {
    for (let site = 0; site < this.#sites.count; site += 1) {
      this.#sites.waiting[site] = this.#sites.jobsOf(site);
      this.#offer(site);
    }
  }

  /** The next arrival of a site is an event; the ones after it follow from its number of jobs. */
  #arriveOverTime(): void {
    const { arriveOverMs } = this.scenario;
    for (let site = 0; site < this.#sites.count; site += 1) {
      const own = this.#sites.jobsOf(site);
      const offset = this.#random();
      for (let job = 0; job < own; job += 1) this.#events.add(((job + offset) / own) * arriveOverMs, site * KINDS + ARRIVAL);
    }
  }

  #handle(event: number): void {
    const [subject, kind] = [Math.floor(event / KINDS), event % KINDS];
    if (kind === STEP) {
      if ((this.#jobs.stepsLeft[subject] as number) < 0) this.#end(subject);
      else this.#step(subject);
      return;
    }
    if (kind >= GATHERED) {
      this.#continue(subject, kind);
      return;
    }
    if (kind === ARRIVAL) this.#arrivedAt(subject).push(this.#now);
    if (kind === TOKEN) this.#sites.isAwaitingToken[subject] = 0;
    else this.#sites.arrive(subject, kind === RETRY);
    this.#offer(subject);
  }

  #arrivedAt(site: number): number[] {
    const known = this.#arrivals.get(site);
    if (known !== undefined) return known;
    const moments: number[] = [];
    this.#arrivals.set(site, moments);
    return moments;
  }

  /** Puts the site in the line, or makes sure that it is looked at again when its limit allows. */
  #offer(site: number): void {
    if (this.#sites.isReady[site] === 1 || (this.#sites.waiting[site] as number) === 0) return;
    const wait = this.#sites.waitMs(site, this.#now);
    if (wait === 0) {
      this.#sites.isReady[site] = 1;
      this.#ready.add(this.#placeOf(site), site);
      this.#wake();
    } else if (Number.isFinite(wait) && this.#sites.isAwaitingToken[site] === 0) {
      // One event is enough: each would cause the next one.
      this.#sites.isAwaitingToken[site] = 1;
      this.#events.add(this.#now + wait, site * KINDS + TOKEN);
    }
  }

  /** The queue starts the oldest job that may start. Jobs that came at once are mixed: those of a site are spread evenly. One that was deferred kept its place. */
  #placeOf(site: number): number {
    if (this.#sites.hasDeferred(site)) return -1;
    if (this.scenario.arriveOverMs > 0) return this.#arrivals.get(site)?.[0] ?? 0;
    const all = this.#sites.jobsOf(site);
    return (all - (this.#sites.waiting[site] as number) + 0.5) / all;
  }

  /** Every worker that waits looks when it is its turn; the first of them gets the job. */
  #wake(): void {
    for (const [process, worker] of this.#workers.entries()) {
      if (worker.state !== "waiting" || worker.looksAt !== null) continue;
      worker.looksAt = worker.nextLook(this.#now);
      this.#events.add(worker.looksAt, process * KINDS + LOOK);
    }
  }

  #continue(process: number, kind: number): void {
    const worker = this.#workers[process] as Worker;
    if (kind === GATHERED) this.#claimIfGathered(process);
    else if (kind === CLAIMED) this.#claimed(process);
    else if (kind === STORE) {
      if (worker.hasResults(this.#now) && this.#now >= worker.batchFrom) this.#store(process, worker);
    } else {
      worker.looksAt = null;
      this.#claim(process);
    }
  }

  #gather(process: number): void {
    (this.#workers[process] as Worker).gather(this.#now);
    this.#claimIfGathered(process);
  }

  #claimIfGathered(process: number): void {
    if ((this.#workers[process] as Worker).isGathered(this.#now)) this.#claim(process);
    else this.#events.add(this.#now + GATHER.usual.mostMs, process * KINDS + GATHERED);
  }

  /** One transaction takes as many jobs as there are free slots, and stores the results that wait. With nothing to do, there is none. */
  #claim(process: number): void {
    const worker = this.#workers[process] as Worker;
    if (!this.#ready.isEmpty || worker.hasResults(this.#now) || this.#isKeyToCheck) this.#commit(worker);
    this.#isKeyToCheck = false;
    const since = Math.max(this.#now, worker.busyUntil) + this.scenario.claimMs;
    if (this.#startReady(process, worker, since)) {
      worker.state = "claiming";
      this.#events.add(since, process * KINDS + CLAIMED);
    } else if (worker.state !== "waiting") {
      worker.state = "waiting";
      worker.waitingSince = this.#now;
    }
  }

  #claimed(process: number): void {
    const worker = this.#workers[process] as Worker;
    if (worker.free > 0) this.#gather(process);
    else worker.state = "full";
  }

  #commit(worker: Worker): void {
    const { transactionCpuMs, transactionHoldMs } = this.scenario.course;
    this.#transactions += 1;
    this.#cpuMs += transactionCpuMs;
    const done = worker.use(this.#now, transactionHoldMs * this.#slowdown);
    for (const job of worker.takeResults(this.#now, done)) this.#events.add(done, job * KINDS + STEP);
  }

  /** Results wait for others, and for a claim that takes them along. */
  #store(process: number, worker: Worker): void {
    if (worker.storesAt === null) this.#events.add(worker.linger(this.#now), process * KINDS + STORE);
    else if (this.#now >= worker.storesAt) this.#commit(worker);
  }

  /** False: no job may start. */
  #startReady(process: number, worker: Worker, since: number): boolean {
    const before = worker.free;
    while (worker.free > 0 && !this.#ready.isEmpty) {
      const site = this.#ready.take();
      this.#sites.isReady[site] = 0;
      if (this.#sites.waitMs(site, this.#now) === 0) {
        worker.free -= 1;
        this.#start(site, process, since);
      }
      this.#offer(site);
    }
    return worker.free < before;
  }

  #start(site: number, process: number, since: number): void {
    const { roundTrips } = this.scenario.course;
    const { isRetry } = this.#sites.start(site);
    this.#inFlight += 1;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    this.#attempts += 1;
    if (!isRetry) this.#recordWait(site, since);
    const isSilent = this.#sites.isSilent[site] === 1;
    const isDeferred = !isRetry && !isSilent && this.#sites.isGreylisting[site] === 1;
    const steps = isSilent ? 1 : isDeferred ? Math.ceil(roundTrips / 2) : roundTrips;
    const job = this.#jobs.add({ site, process, steps, isSilent, isDeferred, since });
    this.#events.add(since, job * KINDS + STEP);
  }

  #recordWait(site: number, since: number): void {
    const arrivedAt = this.scenario.arriveOverMs === 0 ? 0 : this.#arrivals.get(site)?.shift();
    if (arrivedAt === undefined) return;
    this.#started += 1;
    const every = Math.ceil(this.#total / WAITS_KEPT);
    if (this.#started % every === 0 || this.#started === 1) this.#waits.push(since - arrivedAt);
  }

  /** A job uses the processor of its process, then waits for the other side; after the last wait it is settled. */
  #step(job: number): void {
    const jobs = this.#jobs;
    const left = jobs.stepsLeft[job] as number;
    const { course, shortCpuShare, timeoutMs } = this.scenario;
    const isShort = jobs.isSilent[job] === 1 || jobs.isDeferred[job] === 1;
    const steps = jobs.steps[job] as number;
    const cpuMs = (course.cpuMs * (isShort ? shortCpuShare : 1)) / (steps + 1);
    const process = jobs.process[job] as number;
    const worker = this.#workers[process] as Worker;
    const until = worker.use(this.#now, cpuMs * this.#slowdown);
    this.#cpuMs += cpuMs;
    jobs.stepsLeft[job] = left - 1;
    if (left > 0) this.#events.add(until + (jobs.isSilent[job] === 1 ? timeoutMs : this.#networkMs(job, left)), job * KINDS + STEP);
    else this.#finish(job, process, until);
  }

  /** A worker's slot is free as soon as the result waits to be stored; the place at the site is not. */
  #finish(job: number, process: number, until: number): void {
    const worker = this.#workers[process] as Worker;
    this.#jobs.until[job] = until;
    worker.free += 1;
    if (worker.addResult(job, until)) this.#events.add(worker.batchFrom, process * KINDS + STORE);
    if (worker.state === "full") this.#gather(process);
  }

  #networkMs(job: number, left: number): number {
    const { roundTripMs, spread, thinkMs, lateMs } = this.#sites.groupOf(this.#jobs.site[job] as number);
    return roundTripMs * logNormal(spread, this.#random) + (left === 1 ? thinkMs + lateMs * this.#random() : 0);
  }

  #end(job: number): void {
    const { site, since, until, isDeferred, isSilent } = this.#jobs;
    const [ofSite, deferred] = [site[job] as number, isDeferred[job] === 1];
    this.#inFlight -= 1;
    const runMs = (until[job] as number) - (since[job] as number);
    this.#heldMs += runMs;
    this.#sites.end(ofSite);
    if (deferred) this.#events.add(this.#now + this.#deferMs(), ofSite * KINDS + RETRY);
    else {
      this.#done += 1;
      this.#runMs += runMs;
      if (this.#done <= WAITS_KEPT) (this.#groupRuns[this.#sites.group[ofSite] as number] as number[]).push(runMs);
      this.#failed += isSilent[job] as number;
      this.#groupEnds[this.#sites.group[ofSite] as number] = this.#now;
      if (this.#done === Math.ceil(this.#total * 0.99)) this.#mostMs = this.#now;
    }
    this.#jobs.remove(job);
    this.#offer(ofSite);
    this.#checkKey(ofSite);
  }

  /** As in runner/queue/sqlite/settle.ts: the end of a job makes its key due at once, whether its bucket has a token or not. */
  #checkKey(site: number): void {
    if (this.#sites.isReady[site] === 1 || (this.#sites.waiting[site] as number) === 0) return;
    this.#isKeyToCheck = true;
    this.#wake();
  }

  #deferMs(): number {
    const [least, most] = this.scenario.deferMs;
    return least + (most - least) * this.#random();
  }

  #observed(): Observed {
    const totalMs = Math.max(...this.#groupEnds);
    return {
      jobs: this.#done,
      attempts: this.#attempts,
      transactions: this.#transactions,
      failed: this.#failed,
      totalMs,
      mostMs: this.#mostMs,
      cpuMs: this.#cpuMs,
      utilization: this.#cpuMs / (totalMs * Math.min(this.fleet.cores, this.fleet.processes)),
      meanRunMs: this.#runMs / this.#done,
      runSpreadMs: meanSpread(this.#groupRuns),
      meanInFlight: this.#heldMs / totalMs,
      peakInFlight: this.#peak,
      waitP50Ms: percentile(this.#waits, 0.5),
      waitP99Ms: percentile(this.#waits, 0.99),
      groupEndsMs: this.#groupEnds,
    };
  }
}
