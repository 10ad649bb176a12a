import type { Suite, SuiteCheck } from "../../schemas/suite.js";
import { merged } from "./merge.js";

/** One check on one target: what becomes one test. */
export interface PlannedCheck {
  /** Null where the suite has no targets. */
  readonly target: string | null;
  /** What reports call it, with its target, as not every reporter shows a group: `mx1 network.smtp@2 greets`. */
  readonly title: string;
  readonly check: SuiteCheck;
  /** The check's place in the file. */
  readonly index: number;
  readonly input: unknown;
  readonly tags: readonly string[];
  readonly retries: number | null;
  readonly timeoutMs: number | null;
}

/** Every check on every one of its targets, target by target. */
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
  return {
    target,
    title: [target, check.probe, check.name].filter((part) => part !== null && part !== undefined).join(" "),
    check,
    index,
    // A copy: what the environment filled may be fitted to one probe's contract.
    input: structuredClone(merged(defaults.input, target === null ? undefined : targets[target], check.input)),
    tags: [...new Set([...(defaults.tags ?? []), ...(check.tags ?? [])])],
    retries: check.retries ?? defaults.retries ?? null,
    timeoutMs: check.timeout_ms ?? defaults.timeout_ms ?? null,
  };
}
