import { expectedValues } from "../assertions/assertions.js";
import { accept } from "../harness/accept.js";
import type { NewestVersion } from "../harness/define-probe.js";
import { type LoadedProbe, loadProbe } from "../harness/registry.js";
import { type Asked, candidates, parseAsked } from "../harness/version.js";
import { RequestError, type Violation } from "../support/request-error.js";
import { fitToContract, stepsOf } from "./coerce-input.js";
import { impossibleValue, parseFieldPath, unknownField } from "./field-path.js";
import type { PlannedCheck } from "./plan.js";
import { addressInput } from "./play.js";
import { probeName } from "./probe-name.js";
import type { ProblemCollector } from "./problem-collector.js";
import type { SuiteFiles } from "./suite-files.js";
import type { Layer } from "./targets.js";
import { valueAt } from "./without-faults.js";

/** The first of the ports that a system gives. */
const PLACEHOLDER_PORT = 49_152;

type Path = readonly (string | number)[];

/** Checks that the probe exists, that it accepts the input, and that its output can have the expected fields. */
export async function checkInput(planned: PlannedCheck, collector: ProblemCollector): Promise<void> {
  const { check, index } = planned;
  try {
    const asked = parseAsked(probeName(check.probe, planned.file));
    const loaded = await loadProbe(asked.name);
    if (planned.transcript !== null && !placeAddress(planned, loaded, asked, collector)) return;
    const version = acceptedVersion(loaded, asked, planned, collector);
    checkFields(loaded, version, planned, collector);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    collector.add(["checks", index, "probe"], "value", error.summary, error.violations.map(({ message }) => message).join("; ") || null);
  }
}

/** Any port will do until the transcript is played. False if the probe cannot be given an address. */
function placeAddress(planned: PlannedCheck, loaded: LoadedProbe, asked: Asked, collector: ProblemCollector): boolean {
  const address = addressInput(loaded, asked, { port: PLACEHOLDER_PORT, isTls: false });
  if (address === null)
    collector.add(["checks", planned.index, "probe"], "value", `${loaded.probe.name} has no field for a port, so it cannot run against a transcript`);
  else Object.assign(planned.input as object, address);
  return address !== null;
}

/** The version that will run; if none accepts the input, the newest, after its violations were reported. */
function acceptedVersion(loaded: LoadedProbe, asked: Asked, planned: PlannedCheck, collector: ProblemCollector): string {
  const pathOf = pathsOf(planned, collector);
  let accepted = tryVersion(loaded, asked, planned.input);
  if (typeof accepted === "string") return accepted;
  const fitted = fitToContract(planned.input, accepted, (steps) => collector.fillingAt(pathOf(steps)));
  if (fitted) accepted = tryVersion(loaded, asked, planned.input);
  if (typeof accepted === "string") return accepted;
  // What was left out of the suite may be what is missing here.
  const isAbout = ({ pointer }: Violation): boolean => pointer !== "" && valueAt(planned.input, stepsOf(pointer)) !== undefined;
  const own = collector.isCut(planned.index) ? accepted.filter(isAbout) : accepted;
  for (const violation of own) collector.addViolation(pathOf(stepsOf(violation.pointer)), violation);
  return candidates(asked, loaded.versions)[0] as string;
}

/** The version, or why there is none. */
function tryVersion(loaded: LoadedProbe, asked: Asked, input: unknown): string | readonly Violation[] {
  try {
    return accept(loaded, asked, input).version;
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== "invalid_input") throw error;
    return error.violations;
  }
}

/** An input is merged from several layers. Returns the path of a field in the topmost layer that contains it. */
function pathsOf({ layers }: PlannedCheck, { files }: ProblemCollector): (steps: readonly string[]) => Path {
  const all: readonly Omit<Layer, "input">[] = [...[...layers].reverse(), { path: ["defaults", "input"], field: null }];
  const [ofTarget] = layers as readonly [Layer, ...Layer[]];
  return (steps) => {
    const depths = all.map((layer) => depthIn(layer, steps, files));
    const deepest = Math.max(...depths);
    // A missing field is reported at the target, where it usually belongs.
    return pathIn(deepest <= 0 ? ofTarget : (all[depths.indexOf(deepest)] as Layer), steps);
  };
}

/** How many steps of a field's path a layer has. */
function depthIn(layer: Omit<Layer, "input">, steps: readonly string[], files: SuiteFiles): number {
  if (layer.field !== null && layer.field !== steps[0]) return 0;
  const { path } = layer;
  return files.find(pathIn(layer, steps)).depth - (layer.field === null ? path.length : path.length - 1);
}

function pathIn({ path, field }: Omit<Layer, "input">, steps: readonly string[]): Path {
  return [...path, ...(field === null ? steps : steps.slice(1))];
}

function checkFields(loaded: LoadedProbe, version: string, { check, index }: PlannedCheck, collector: ProblemCollector): void {
  const { output } = loaded.probe.versions[version] as NewestVersion;
  for (const [field, expected] of Object.entries(check.expect?.output ?? {})) {
    const path = parseFieldPath(field);
    const at = ["checks", index, "expect", "output", field];
    const unknown = unknownField(output.schema, path);
    const impossible = unknown === null ? impossibleValue(output.schema, path, expectedValues(expected)) : null;
    if (unknown !== null) collector.add(at, "key", `${unknown.message} in ${loaded.probe.name}@${version}`, unknown.hint);
    if (impossible !== null) collector.add(at, "value", `${impossible.message} in ${loaded.probe.name}@${version}`, impossible.hint);
  }
}
