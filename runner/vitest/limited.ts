export type Limit = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Lets so many works run at a time; the others wait in the order in which they came. */
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
