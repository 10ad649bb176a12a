/** State that this process has once, also where dist/ holds its module more than once. */
export function processWide<State>(name: string, make: () => State): State {
  const all = globalThis as unknown as Record<symbol, State | undefined>;
  const key = Symbol.for(`probe-run.${name}`);
  const there = all[key];
  if (there !== undefined) return there;
  const made = make();
  all[key] = made;
  return made;
}
