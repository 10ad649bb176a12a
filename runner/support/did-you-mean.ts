/** The names most similar to a misspelt one, most similar first; none if nothing is similar, and none that is much less similar than the first. */
export function nearest(written: string, names: readonly string[], most = 3): string[] {
  const lower = written.toLowerCase();
  const near = names
    .map((name) => ({ name, distance: distance(lower, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(name.length, written.length) * 0.4)) || name.toLowerCase().includes(lower))
    .sort((a, b) => a.distance - b.distance);
  const [best] = near;
  return near
    .filter(({ distance }) => distance <= (best?.distance ?? 0) + 1)
    .slice(0, most)
    .map(({ name }) => name);
}

/** The number of single-letter edits, or swaps of neighbours, between two words (optimal string alignment). */
function distance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min((current[column - 1] as number) + 1, (last[column] as number) + 1, (last[column - 1] as number) + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) best = Math.min(best, (beforeLast[column - 2] as number) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] as number;
}
