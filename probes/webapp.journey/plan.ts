import type { Violation } from "../../runner/support/request-error.js";
import { actionsOf } from "./actions.js";
import { readRecording } from "./recording.js";
import type { Input, Step } from "./schema.js";

/** What is to be done, wherever the input says it. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly viewport: Input["viewport"];
  /** Of the URLs that the input names. */
  readonly hosts: readonly string[];
}

export function planOf(input: Input): Plan {
  const recorded = input.recording === undefined ? null : readRecording(input.recording, input.recording_values);
  const first: Step[] = input.url === undefined ? [] : [{ goto: input.url }];
  const steps = [...first, ...(recorded?.steps ?? input.steps)];
  const hosts = steps.flatMap(({ goto }) => (goto === undefined ? [] : new URL(goto).hostname.replace(/^\[(.*)\]$/, "$1")));
  return { steps, viewport: recorded?.viewport ?? input.viewport, hosts: [...new Set(hosts)] };
}

export function planViolations(input: Input): Violation[] {
  const violation = (pointer: string, message: string): Violation => ({ pointer, message, hint: null });
  const { recording, recording_values, steps } = input;
  const recorded = recording === undefined ? null : readRecording(recording, recording_values);
  const problems = [
    ...(recorded?.violations ?? []),
    ...(recorded !== null && steps.length > 0 ? [violation("/steps", "cannot be combined with recording")] : []),
    ...(recorded === null && recording_values.length > 0 ? [violation("/recording_values", "needs recording")] : []),
    ...steps.flatMap((step, index) => stepViolations(step, `/steps/${index}`)),
  ];
  if (problems.length > 0) return problems;
  const [first] = planOf(input).steps;
  return first?.goto === undefined ? [violation("/url", "is required, unless the first step is a goto")] : [];
}

const OF_AN_ELEMENT = ["text", "value", "visible", "count"] as const;

function stepViolations(step: Step, at: string): Violation[] {
  const violation = (pointer: string, message: string): Violation => ({ pointer, message, hint: null });
  const actions = actionsOf(step);
  if (actions.length !== 1)
    return [violation(at, actions.length === 0 ? "must have one action, as goto or click" : `must have one action, and has ${actions.join(", ")}`)];
  const { wait_until, goto, expect } = step;
  const about = OF_AN_ELEMENT.filter((field) => expect?.[field] !== undefined);
  return [
    ...(wait_until !== undefined && goto === undefined ? [violation(`${at}/wait_until`, "needs goto")] : []),
    ...(expect !== undefined && expect.selector === undefined && about.length > 0
      ? [violation(`${at}/expect/selector`, `is required for ${about.join(", ")}`)]
      : []),
    ...(expect?.selector !== undefined && about.length === 0
      ? [violation(`${at}/expect`, "says nothing about its selector: add visible, text, value or count")]
      : []),
  ];
}
