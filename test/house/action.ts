import { parseDocument } from "yaml";

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly name?: string;
  readonly description?: string;
  readonly inputs?: Readonly<Record<string, { description?: string; required?: boolean; default?: string }>>;
  readonly outputs?: Readonly<Record<string, { description?: string; value?: string }>>;
  readonly runs: { readonly using?: string; readonly steps: readonly Step[] };
}

export function readAction(text: string): Action {
  const document = parseDocument(text);
  if (document.errors[0] !== undefined) throw document.errors[0];
  return document.toJS();
}

/** What is wrong with an action that others use. */
export function actionFaults(text: string): string[] {
  const action = readAction(text);
  const { inputs = {}, outputs = {}, runs } = action;
  return [
    ...(action.name === undefined || action.description === undefined ? ["it has a name and a description"] : []),
    ...(runs.using === "composite" ? [] : ["it is composite"]),
    ...Object.entries(inputs).flatMap(([name, input]) => inputFaults(name, input, text)),
    ...Object.entries(outputs).flatMap(([name, { value }]) => outputFaults(name, value, runs.steps)),
    ...runs.steps.flatMap((step, index) => stepFaults(step.name ?? `step ${index + 1}`, step, inputs)),
  ];
}

function inputFaults(name: string, input: { description?: string; required?: boolean; default?: string }, text: string): string[] {
  return [
    ...(input.description === undefined ? [`input ${name}: it has a description`] : []),
    ...(input.required === true || typeof input.default === "string" ? [] : [`input ${name}: it is required, or has a default that is a text`]),
    ...(text.includes(`inputs.${name} `) ? [] : [`input ${name}: it is used`]),
  ];
}

function outputFaults(name: string, value: string | undefined, steps: readonly Step[]): string[] {
  const step = /steps\.([\w-]+)\.outputs\./.exec(value ?? "")?.[1];
  return steps.some(({ id }) => id !== undefined && id === step) ? [] : [`output ${name}: a step gives it`];
}

function stepFaults(name: string, step: Step, inputs: Action["inputs"] & object): string[] {
  const asked = [...JSON.stringify(step).matchAll(/inputs\.([\w-]+)/g)].map(([, input]) => input as string);
  return [
    ...asked.filter((input) => inputs[input] === undefined).map((input) => `${name}: there is no input ${input}`),
    ...(step.run !== undefined && step.shell !== "bash" ? [`${name}: it says that its shell is bash`] : []),
    // What stands in an expression becomes part of the script: an input could bring commands of its own.
    ...(step.run?.includes("${{") === true ? [`${name}: no expression stands in a script`] : []),
    ...(step.uses === undefined || /^[\w.-]+\/[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})$/.test(step.uses) ? [] : [`${name}: ${step.uses} has a version`]),
    ...(step.run === undefined && step.uses === undefined ? [`${name}: it runs or uses something`] : []),
  ];
}
