import type { Suite, SuiteCheck } from "../../schemas/suite.js";

/** One check on one target, which becomes one test. */
export interface PlannedCheck {
  /** Null if the suite has no targets. */
  readonly target: string | null;
  /** Its probe and its own name, whatever the target: `network.smtp@2 greets`. */
  readonly name: string;
  /** Its name in reports, with its target, because not every reporter shows a group: `mx1 network.smtp@2 greets`. */
  readonly title: string;
  readonly check: SuiteCheck;
  /** The check's index in the file. */
  readonly index: number;
  readonly input: unknown;
  readonly tags: readonly string[];
  readonly retries: number | null;
  readonly timeoutMs: number | null;
}

/** Every check on each of its targets, target by target. */
export function planOf(suite: Suite): PlannedCheck[] {
  const targets = Object.keys(suite.targets);
  const names = targets.length === 0 ? [null] : targets;
  return names.flatMap((target) =>
    suite.checks.flatMap((check, index) => (target === null || isFor(check, target) ? [planned(suite, target, check, index)] : [])),
  );
}

function isFor({ targets = "all" }: SuiteCheck, target: string): boolean {
  return targets === "all" || (targets as readonly string[]).includes(target);
}

function planned({ defaults, targets }: Suite, target: string | null, check: SuiteCheck, index: number): PlannedCheck {
  const name = check.name === undefined ? check.probe : `${check.probe} ${check.name}`;
  return {
    target,
    name,
    title: target === null ? name : `${target} ${name}`,
    check,
    index,
    // A copy: values from the environment may be coerced to one probe's contract.
    input: structuredClone(merged(defaults.input, target === null ? undefined : targets[target], check.input)),
    tags: [...new Set([...(defaults.tags ?? []), ...(check.tags ?? [])])],
    retries: check.retries ?? defaults.retries ?? null,
    timeoutMs: check.timeout_ms ?? defaults.timeout_ms ?? null,
  };
}

/** Merges inputs, later ones on top. Objects are merged field by field, everything else is replaced. */
function merged(...layers: readonly unknown[]): unknown {
  return layers.filter((layer) => layer !== undefined).reduce((below, above) => (isObject(below) && isObject(above) ? joined(below, above) : above), {});
}

function joined(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const result = new Map(Object.entries(below));
  for (const [name, value] of Object.entries(above)) result.set(name, merged(result.get(name), value));
  return Object.fromEntries(result);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
