/** Does something so many times, with so many under way at any moment: one that ends makes room for the next. */
export async function keepInFlight<Result>(total: number, concurrency: number, once: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let started = 0;
  const lane = async (): Promise<void> => {
    while (started < total) {
      started += 1;
      results.push(await once());
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, total) }, lane));
  return results;
}
