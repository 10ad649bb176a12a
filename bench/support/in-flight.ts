/**
 * Runs a task a number of times, with a limited number at any moment: one that ends makes room for the next.
 * What comes out is not kept here: results that pile up would be work for the garbage collector that no probe causes.
 */
export async function keepInFlight(total: number, concurrency: number, once: () => Promise<unknown>): Promise<void> {
  let started = 0;
  const repeat = async (): Promise<void> => {
    while (started < total) {
      started += 1;
      await once();
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, total) }, repeat));
}
