export type Limit = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Limits how many tasks run at a time; the others wait in order of arrival. */
export function limited(most: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running === most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
