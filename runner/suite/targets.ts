import type { Suite } from "../../schemas/suite.js";
import type { ProblemCollector } from "./problem-collector.js";

/** Fields of the input, and where they are written. */
export interface Layer {
  readonly path: readonly (string | number)[];
  /** Not null: the value at the path is that of this one field. */
  readonly field: string | null;
  readonly input: unknown;
}

/** A target as it is run: one of the suite's targets, combined with one value of each axis of the matrix. */
export interface PlannedTarget {
  /** `mx1`, or with a matrix `mx1/submission`. */
  readonly name: string;
  /** The parts of its name, each of which selects all targets that have it. */
  readonly labels: readonly string[];
  /** Later ones override earlier ones. */
  readonly layers: readonly Layer[];
  /** The path of the transcript that is this target, as it is written; null for a server. */
  readonly transcript: string | null;
}

const MAX_TARGETS = 1000;

/** In the order of the suite; the last axis varies first. Empty if there are neither targets nor a matrix. */
export function targetsOf({ targets, matrix }: Suite): readonly PlannedTarget[] {
  const own = Object.entries(targets).map(([name, { transcript, ...input }]) =>
    targetOf([name], [{ path: ["targets", name], field: null, input }], transcript ?? null),
  );
  const axes = Object.entries(matrix).map(([name, values]) => axisOf(name, values));
  if (axes.length === 0) return own;
  return axes.reduce((combined, axis) => combined.flatMap((target) => axis.map((point) => combine(target, point))), own.length > 0 ? own : [targetOf([], [])]);
}

/** Before anything is multiplied: throws if the matrix makes too many targets. */
export function assertMatrix({ targets, matrix }: Suite, collector: ProblemCollector): void {
  const sizes = Object.values(matrix).map((values) => (Array.isArray(values) ? values.length : Object.keys(values as object).length));
  const number = sizes.reduce((product, size) => product * size, Math.max(1, Object.keys(targets).length));
  if (number <= MAX_TARGETS) return;
  collector.add(["matrix"], "key", `the matrix makes ${number} targets, and a suite may have ${MAX_TARGETS}`, "split it into several suites");
  collector.throwIfAny();
}

/** Whether a name that was given means this target. */
export function isTarget({ name, labels }: Pick<PlannedTarget, "name" | "labels">, given: string): boolean {
  return name === given || labels.includes(given);
}

function targetOf(labels: readonly string[], layers: readonly Layer[], transcript: string | null = null): PlannedTarget {
  return { name: labels.join("/"), labels, layers, transcript };
}

function combine(target: PlannedTarget, point: PlannedTarget): PlannedTarget {
  return targetOf([...target.labels, ...point.labels], [...target.layers, ...point.layers], target.transcript);
}

/** An axis is a field with its values, or names with the fields that each stands for. */
function axisOf(axis: string, values: unknown): readonly PlannedTarget[] {
  if (Array.isArray(values))
    return values.map((value: unknown, index) => targetOf([String(value)], [{ path: ["matrix", axis, index], field: axis, input: { [axis]: value } }]));
  return Object.entries(values as Readonly<Record<string, unknown>>).map(([name, input]) =>
    targetOf([name], [{ path: ["matrix", axis, name], field: null, input }]),
  );
}
