import { dirname, resolve } from "node:path";
import type { Suite, SuiteCheck } from "../../schemas/suite.js";
import type { SuiteFiles } from "./suite-files.js";
import { isTarget, type Layer, type PlannedTarget } from "./targets.js";

/** One check on one target, which becomes one test. */
export interface PlannedCheck {
  /** Null if the suite has no targets. */
  readonly target: string | null;
  /** The parts of the target's name: several with a matrix. */
  readonly labels: readonly string[];
  /** Its probe and its own name, whatever the target: `network.smtp@2 greets`. */
  readonly name: string;
  /** Its name in reports, with its target, because not every reporter shows a group: `mx1 network.smtp@2 greets`. */
  readonly title: string;
  readonly check: SuiteCheck;
  /** The file that holds the check. */
  readonly file: string;
  /** The check's index in the suite. */
  readonly index: number;
  /** What the input is made of, without the defaults; later layers override earlier ones. */
  readonly layers: readonly Layer[];
  /** Where a transcript is played, the address in it is a placeholder. */
  readonly input: unknown;
  /** The absolute path of the transcript that is the target; null for a server. */
  readonly transcript: string | null;
  readonly tags: readonly string[];
  readonly retries: number | null;
  readonly timeoutMs: number | null;
}

/** Every check on each of its targets, target by target. */
export function planOf(suite: Suite, targets: readonly PlannedTarget[], files: SuiteFiles): PlannedCheck[] {
  const places = suite.checks.map((_, index) => files.find(["checks", index]).document.file);
  const each = targets.length === 0 ? [null] : targets;
  return each.flatMap((target) =>
    suite.checks.flatMap((check, index) =>
      target === null || isFor(check, target)
        ? [{ ...planned(suite, target, check, index), file: places[index] as string, transcript: transcriptOf(target, files) }]
        : [],
    ),
  );
}

/** A path is relative to the file that defines the target. */
function transcriptOf(target: PlannedTarget | null, files: SuiteFiles): string | null {
  if (target === null || target.transcript === null) return null;
  return resolve(dirname(files.position(["targets", target.labels[0] as string]).file), target.transcript);
}

function isFor({ targets = "all" }: SuiteCheck, target: PlannedTarget): boolean {
  return targets === "all" || (targets as readonly string[]).some((given) => isTarget(target, given));
}

function planned({ defaults }: Suite, target: PlannedTarget | null, check: SuiteCheck, index: number): Omit<PlannedCheck, "file" | "transcript"> {
  const name = check.name === undefined ? check.probe : `${check.probe} ${check.name}`;
  const layers = [...(target?.layers ?? []), { path: ["checks", index, "input"], field: null, input: check.input }];
  return {
    target: target?.name ?? null,
    labels: target?.labels ?? [],
    name,
    title: target === null ? name : `${target.name} ${name}`,
    check,
    index,
    layers,
    // A copy: values from the environment may be coerced to one probe's contract.
    input: structuredClone(merged(defaults.input, ...layers.map(({ input }) => input))),
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
