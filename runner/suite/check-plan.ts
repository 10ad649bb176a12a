import type { Suite } from "../../schemas/suite.js";
import type { NewestVersion } from "../define-probe.js";
import { nearest } from "../nearest.js";
import { type LoadedProbe, loadProbe } from "../registry.js";
import { RequestError, type Violation } from "../request-error.js";
import { accept } from "../run.js";
import { parseAsked } from "../version.js";
import { parseFieldPath, unknownField } from "./field-path.js";
import { unusable } from "./matchers.js";
import type { PlannedCheck } from "./plan.js";
import { probeName } from "./probe-name.js";
import type { Teller } from "./teller.js";

/** Everything about a suite that its own contract cannot say. */
export async function checkPlan(suite: Suite, checks: readonly PlannedCheck[], teller: Teller): Promise<void> {
  checkTargets(suite, teller);
  checkTitles(checks, teller);
  checkMatchers(suite, teller);
  for (const each of checks) await checkInput(each, teller);
}

function checkTargets(suite: Suite, teller: Teller): void {
  const known = Object.keys(suite.targets);
  for (const [index, { targets }] of suite.checks.entries()) {
    if (!Array.isArray(targets)) continue;
    for (const [place, name] of (targets as string[]).entries()) {
      if (Object.hasOwn(suite.targets, name)) continue;
      const near = nearest(name, known, 1)[0];
      const hint = near !== undefined ? `did you mean ${near}?` : known.length === 0 ? "the suite has no targets" : `the targets are: ${known.join(", ")}`;
      teller.tell(["checks", index, "targets", place], "value", `there is no target ${JSON.stringify(name)}`, hint);
    }
  }
}

/** Reports and filters know a check by its name alone. */
function checkTitles(checks: readonly PlannedCheck[], teller: Teller): void {
  const seen = new Map<string, number>();
  for (const { target, title, check, index } of checks) {
    const whole = JSON.stringify([target, title]);
    const other = seen.get(whole);
    if (other === undefined) seen.set(whole, index);
    else {
      const path = ["checks", index, check.name === undefined ? "probe" : "name"];
      const { line } = teller.document.position(["checks", other]);
      teller.tell(path, "value", `the check ${JSON.stringify(title)} of line ${line} has the same name`, "give each its own `name`");
    }
  }
}

function checkMatchers(suite: Suite, teller: Teller): void {
  for (const [index, { expect }] of suite.checks.entries()) {
    for (const [field, expected] of Object.entries((expect?.output as Record<string, unknown> | undefined) ?? {})) {
      const why = unusable(expected);
      if (why !== null) teller.tell(["checks", index, "expect", "output", field, "matches"], "value", `this is no regular expression: ${why}`);
    }
  }
}

async function checkInput({ check, target, index, input }: PlannedCheck, teller: Teller): Promise<void> {
  const probe = ["checks", index, "probe"];
  try {
    const asked = parseAsked(probeName(check.probe, teller.document.file));
    const loaded = await loadProbe(asked.name);
    const { version } = accept(loaded, asked, input);
    checkFields(loaded, version, check.expect?.output, index, teller);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.code === "invalid_input") for (const violation of error.violations) teller.tellViolation(baseOf(violation, target, index, teller), violation);
    else teller.tell(probe, "value", error.message, error.violations.map(({ message }) => message).join("; ") || null);
  }
}

/** An input is laid together from up to three places: the uppermost that has the field is the one to change. */
function baseOf({ pointer }: Violation, target: string | null, index: number, teller: Teller): (string | number)[] {
  const steps = pointer.split("/").slice(1);
  const layers: (string | number)[][] = [["checks", index, "input"], ...(target === null ? [] : [["targets", target]]), ["defaults", "input"]];
  const depths = layers.map((layer) => teller.document.find([...layer, ...steps]).depth - layer.length);
  const deepest = Math.max(...depths);
  // A field that nobody wrote is missing in the target, whose business it most often is.
  if (deepest <= 0) return target === null ? (layers[0] as string[]) : ["targets", target];
  return layers[depths.indexOf(deepest)] as (string | number)[];
}

function checkFields(loaded: LoadedProbe, version: string, expected: unknown, index: number, teller: Teller): void {
  const { output } = loaded.probe.versions[version] as NewestVersion;
  for (const field of Object.keys((expected as object | undefined) ?? {})) {
    const unknown = unknownField(output.schema, parseFieldPath(field));
    if (unknown !== null)
      teller.tell(["checks", index, "expect", "output", field], "key", `${unknown.message} in ${loaded.probe.name}@${version}`, unknown.hint);
  }
}
