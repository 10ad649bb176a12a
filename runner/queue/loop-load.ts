/** More than this share of the time, the process was busy: it can do no more. */
const SATURATED = 0.9;

/** How busy this process was since it was last asked. */
export class LoopLoad {
  #seen = performance.eventLoopUtilization();

  isSaturated(): boolean {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#seen);
    this.#seen = now;
    return utilization > SATURATED;
  }
}
