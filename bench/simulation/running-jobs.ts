/** The jobs in flight as columns of numbers; the place of a job that ended is used again. */
export class RunningJobs {
  readonly site: number[] = [];
  readonly process: number[] = [];
  /** How many times this attempt waits for the other side, and how many of these waits are left; -1: it is being stored. */
  readonly steps: number[] = [];
  readonly stepsLeft: number[] = [];
  readonly isSilent: number[] = [];
  readonly isDeferred: number[] = [];
  readonly since: number[] = [];
  /** When the run ended; its result is stored later. */
  readonly until: number[] = [];
  readonly #unused: number[] = [];

  add(job: { site: number; process: number; steps: number; isSilent: boolean; isDeferred: boolean; since: number }): number {
    const place = this.#unused.pop() ?? this.site.length;
    this.site[place] = job.site;
    this.process[place] = job.process;
    this.steps[place] = job.steps;
    this.stepsLeft[place] = job.steps;
    this.isSilent[place] = Number(job.isSilent);
    this.isDeferred[place] = Number(job.isDeferred);
    this.since[place] = job.since;
    this.until[place] = job.since;
    return place;
  }

  remove(place: number): void {
    this.#unused.push(place);
  }
}
