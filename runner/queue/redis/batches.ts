/** One script moves no more than this: for so long the server does nothing else. */
const MOST_MESSAGES = 250;
const MOST_CHARACTERS = 1_000_000;

/** Cuts a list into parts that are small enough for a script each. */
export function batchesOf<Item>(items: readonly Item[], sizeOf: (item: Item) => number): Item[][] {
  const batches: Item[][] = [];
  let size = 0;
  for (const item of items) {
    const last = batches.at(-1);
    const own = sizeOf(item);
    if (last !== undefined && last.length < MOST_MESSAGES && size + own <= MOST_CHARACTERS) last.push(item);
    else {
      batches.push([item]);
      size = 0;
    }
    size += own;
  }
  return batches;
}
