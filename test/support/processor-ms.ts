/** The processor time of some work without waits, in milliseconds. On a busy machine it takes longer, and needs no more. */
export function processorMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
}
