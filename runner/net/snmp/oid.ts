/** Dotted numbers, as 1.3.6.1.2.1.1.1.0. */
export const OID_PATTERN = "^[0-2](\\.(0|[1-9][0-9]{0,9})){1,127}$";

/** Negative if `a` comes first in the order of a walk. */
export function compareOids(a: string, b: string): number {
  const [left, right] = [a.split("."), b.split(".")];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = Number(left[index]) - Number(right[index]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function isWithin(oid: string, root: string): boolean {
  return oid === root || oid.startsWith(`${root}.`);
}
