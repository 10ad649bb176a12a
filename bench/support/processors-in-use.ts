import { cpus } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

/** How many processors were in use on the whole machine, on average over some time. The load average would show the bench that ended a minute ago. */
export async function processorsInUse(milliseconds: number): Promise<number> {
  const began = performance.now();
  const before = usedMilliseconds();
  await wait(milliseconds);
  return (usedMilliseconds() - before) / (performance.now() - began);
}

function usedMilliseconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
