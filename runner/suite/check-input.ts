import { accept } from "../harness/accept.js";
import type { NewestVersion } from "../harness/define-probe.js";
import { type LoadedProbe, loadProbe } from "../harness/registry.js";
import { type Asked, candidates, parseAsked } from "../harness/version.js";
import { RequestError, type Violation } from "../support/request-error.js";
import { fitToContract, stepsOf } from "./coerce-input.js";
import { parseFieldPath, unknownField } from "./field-path.js";
import type { PlannedCheck } from "./plan.js";
import { probeName } from "./probe-name.js";
import type { ProblemCollector } from "./problem-collector.js";

type Path = readonly (string | number)[];

/** Checks that the probe exists, that it accepts the input, and that its output can have the expected fields. */
export async function checkInput(planned: PlannedCheck, collector: ProblemCollector): Promise<void> {
  const { check, index } = planned;
  try {
    const asked = parseAsked(probeName(check.probe, collector.document.file));
    const loaded = await loadProbe(asked.name);
    const version = acceptedVersion(loaded, asked, planned, collector);
    checkFields(loaded, version, planned, collector);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    collector.add(["checks", index, "probe"], "value", error.message, error.violations.map(({ message }) => message).join("; ") || null);
  }
}

/** The version that will run; if none accepts the input, the newest, after its violations were reported. */
function acceptedVersion(loaded: LoadedProbe, asked: Asked, planned: PlannedCheck, collector: ProblemCollector): string {
  const baseOf = layersOf(planned, collector);
  let accepted = tryVersion(loaded, asked, planned.input);
  if (typeof accepted === "string") return accepted;
  const fitted = fitToContract(planned.input, accepted, (steps) => collector.fillingAt([...baseOf(steps), ...steps]));
  if (fitted) accepted = tryVersion(loaded, asked, planned.input);
  if (typeof accepted === "string") return accepted;
  for (const violation of accepted) collector.addViolation(baseOf(stepsOf(violation.pointer)), violation);
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

/** An input is merged from up to three layers. Returns the topmost layer that contains a field. */
function layersOf({ target, index }: PlannedCheck, { document }: ProblemCollector): (steps: readonly string[]) => Path {
  const own: Path = ["checks", index, "input"];
  const ofTarget: Path = target === null ? own : ["targets", target];
  return (steps) => {
    const layers = [own, ofTarget, ["defaults", "input"]];
    const depths = layers.map((layer) => document.find([...layer, ...steps]).depth - layer.length);
    const deepest = Math.max(...depths);
    // A missing field is reported at the target, where it usually belongs.
    return deepest <= 0 ? ofTarget : (layers[depths.indexOf(deepest)] as Path);
  };
}

function checkFields(loaded: LoadedProbe, version: string, { check, index }: PlannedCheck, collector: ProblemCollector): void {
  const { output } = loaded.probe.versions[version] as NewestVersion;
  for (const field of Object.keys(check.expect?.output ?? {})) {
    const unknown = unknownField(output.schema, parseFieldPath(field));
    if (unknown === null) continue;
    collector.add(["checks", index, "expect", "output", field], "key", `${unknown.message} in ${loaded.probe.name}@${version}`, unknown.hint);
  }
}
