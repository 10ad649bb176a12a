import type { Violation } from "../../runner/support/request-error.js";
import type { Input, Step } from "./schema.js";

type Fields = Readonly<Record<string, unknown>>;
type Value = NonNullable<Step["fill"]>["value"];

export interface ReadRecording {
  readonly steps: Step[];
  readonly viewport: Input["viewport"] | null;
  readonly violations: Violation[];
}

/** Steps that say nothing about the page: keys are pressed as a whole, and elements scroll into view by themselves. */
const LEFT_OUT = new Set(["keyUp", "scroll", "close"]);
const MAX_STEPS = 100;

/** Translates a recording of Chrome's Recorder. It is data: what would have to be evaluated is refused, as is whatever is not known. */
export function readRecording(recording: Fields, values: Input["recording_values"]): ReadRecording {
  const given = new Map(values.map(({ step, value }) => [step, value]));
  const recorded = Array.isArray(recording.steps) ? (recording.steps as unknown[]) : null;
  if (recorded === null || recorded.length === 0 || recorded.length > MAX_STEPS)
    return { steps: [], viewport: null, violations: [violation("/recording/steps", `must be a list of 1 to ${MAX_STEPS} steps`)] };
  const read = recorded.map((each, index) => stepOf(fieldsOf(each), index, given.get(index)));
  const viewport = recorded.map(fieldsOf).find(({ type }) => type === "setViewport");
  return {
    steps: read.flatMap(({ step }) => step ?? []),
    viewport: viewport === undefined ? null : viewportOf(viewport),
    violations: read.flatMap(({ problem }) => problem ?? []),
  };
}

interface ReadStep {
  readonly step?: Step;
  readonly problem?: Violation;
}

function stepOf(fields: Fields, index: number, given: Value | undefined): ReadStep {
  const { type } = fields;
  if (type === "setViewport" || (typeof type === "string" && LEFT_OUT.has(type))) return {};
  const at = `/recording/steps/${index}`;
  const step_timeout_ms = typeof fields.timeout === "number" && fields.timeout >= 1 && fields.timeout <= 600_000 ? Math.round(fields.timeout) : undefined;
  const timed = step_timeout_ms === undefined ? {} : { step_timeout_ms };
  if (type === "navigate") {
    if (!isHttpUrl(fields.url)) return { problem: violation(`${at}/url`, "must be an http: or https: URL") };
    return { step: { goto: fields.url, ...timed } };
  }
  if (type === "keyDown") {
    if (typeof fields.key !== "string" || !/^[A-Za-z0-9]{1,40}$/.test(fields.key))
      return { problem: violation(`${at}/key`, "is not a key that can be pressed") };
    return { step: { press: { key: fields.key }, ...timed } };
  }
  if (type === "waitForExpression" || type === "customStep")
    return { problem: violation(`${at}/type`, "is JavaScript, which is never evaluated: leave it out") };
  return onElement(fields, at, given, timed);
}

function onElement(fields: Fields, at: string, given: Value | undefined, timed: Pick<Step, "step_timeout_ms">): ReadStep {
  const { type } = fields;
  if (type !== "click" && type !== "doubleClick" && type !== "hover" && type !== "change" && type !== "waitForElement")
    return { problem: violation(`${at}/type`, `is ${JSON.stringify(String(type)).slice(0, 40)}, which is not supported`) };
  const selector = selectorOf(fields.selectors);
  if (selector === null) return { problem: violation(`${at}/selectors`, "has no selector by CSS, XPath, text or an accessible name") };
  if (type === "click") return { step: { click: selector, ...timed } };
  if (type === "doubleClick") return { step: { double_click: selector, ...timed } };
  if (type === "hover") return { step: { hover: selector, ...timed } };
  if (type === "waitForElement") return { step: { wait: { selector, state: fields.visible === false ? "hidden" : "visible" }, ...timed } };
  const value = given ?? fields.value;
  if (typeof value !== "string" && !isReference(value)) return { problem: violation(`${at}/value`, "must be a text") };
  return { step: { fill: { selector, value: value as Value }, ...timed } };
}

/** The recorder gives several, each a path through shadow roots. CSS is the most exact one of those that a person did not choose. */
const KINDS: readonly ((part: string) => string | null)[] = [
  (part) => (/^(aria|text|xpath|pierce)\//.test(part) ? null : part),
  (part) => (part.startsWith("pierce/") ? part.slice("pierce/".length) : null),
  (part) => (part.startsWith("xpath/") ? `xpath=${part.slice("xpath/".length)}` : null),
  (part) => (part.startsWith("text/") ? `text=${JSON.stringify(part.slice("text/".length))}` : null),
  (part) => (part.startsWith("aria/") ? accessible(part.slice("aria/".length)) : null),
];

function selectorOf(selectors: unknown): string | null {
  if (!Array.isArray(selectors)) return null;
  const paths = selectors.slice(0, 20).map((path) => (Array.isArray(path) ? path : [path]));
  const usable = paths.filter((path) => path.length > 0 && path.length <= 10 && path.every((part) => typeof part === "string" && part.length <= 1000));
  for (const kind of KINDS) {
    for (const path of usable as string[][]) {
      const parts = path.map(kind);
      if (parts.every((part) => part !== null)) return parts.join(" >> ");
    }
  }
  return null;
}

/** `Sign in` or `Sign in[role="button"]`. */
function accessible(written: string): string | null {
  const [, name = "", role] = /^([^[\]]{1,300})(?:\[role="([a-z]{1,30})"\])?$/.exec(written) ?? [];
  if (name === "") return null;
  return role === undefined ? `text=${JSON.stringify(name)}` : `role=${role}[name=${JSON.stringify(name)}]`;
}

function viewportOf({ width, height }: Fields): Input["viewport"] | null {
  const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 4000;
  return isSize(width) && isSize(height) ? { width, height } : null;
}

/** It is resolved before the run. */
function isReference(value: unknown): value is Value {
  return typeof fieldsOf(value).secret === "string";
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === "string" && value.length <= 8192 && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function fieldsOf(value: unknown): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : {};
}

function violation(pointer: string, message: string): Violation {
  return { pointer, message, hint: null };
}
