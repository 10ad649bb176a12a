import type { PlannedCheck } from "../suite/plan.js";
import type { ProblemCollector } from "../suite/problem-collector.js";

/**
 * The checks that a name in depends_on or canaries means: a check's own name, or its probe with that name, on every target; with the target's
 * name before it, on that one. A check depends on its own target where both have one.
 */
export function checksNamed(checks: readonly PlannedCheck[], name: string, near: string | null): readonly PlannedCheck[] {
  const exact = checks.filter(({ target, name: full, check }) => target !== null && [full, check.name].some((own) => `${target} ${own}` === name));
  if (exact.length > 0) return exact;
  const named = checks.filter(({ name: full, check }) => full === name || check.name === name);
  const own = named.filter(({ target }) => near !== null && target === near);
  return own.length > 0 ? own : named;
}

interface Depending {
  readonly key: string;
  readonly name: string;
  readonly planned: PlannedCheck;
  readonly dependsOn: readonly string[];
}

/** Checks that wait for each other would never be judged. */
export function assertNoCircle(checks: readonly Depending[], problems: ProblemCollector): void {
  const byKey = new Map(checks.map((check) => [check.key, check]));
  const reaches = (from: string, wanted: string, seen: Set<string>): boolean =>
    (byKey.get(from)?.dependsOn ?? []).some((next) => {
      if (next === wanted) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, wanted, seen);
    });
  for (const { key, name, planned } of checks)
    if (reaches(key, key, new Set()))
      problems.add(["checks", planned.index, "watch", "depends_on"], "key", `${name} depends on itself, by way of what it depends on`);
}
