import { SATURATED } from "./timing.js";

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
