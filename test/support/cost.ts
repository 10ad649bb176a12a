import type { ChildRunner } from "./child-run.js";

/** What a peer may make a run take, however much it sends. */
export const MAX_MEGABYTES = 64;
/** Processor time: a run that is kept busy by its peer has a blocked event loop. */
export const MAX_BUSY_MS = 2000;

export interface Cost {
  /** The failure's code; null for a run without one. */
  readonly code: string | null;
  /** By how much the process grew. */
  readonly megabytes: number;
  readonly busyMs: number;
}

/** What one run costs a process that has already made another: its code is loaded before the run is measured. */
export async function costOf(child: ChildRunner, probe: string, input: object, inputBefore: object): Promise<Cost> {
  return (await child.eval(`
    await run(${JSON.stringify(probe)}, ${JSON.stringify(inputBefore)});
    const before = process.memoryUsage.rss();
    const cpu = process.cpuUsage();
    let max = before;
    const timer = setInterval(() => (max = Math.max(max, process.memoryUsage.rss())), 5);
    const { output } = await run(${JSON.stringify(probe)}, ${JSON.stringify(input)});
    clearInterval(timer);
    max = Math.max(max, process.memoryUsage.rss());
    console.log(JSON.stringify({ code: output.failure?.code ?? null, megabytes: (max - before) / 1048576, busyMs: process.cpuUsage(cpu).user / 1000 }));
  `)) as Cost;
}
