import type { Suite } from "../../schemas/suite.js";
import { checkPlan } from "./check-plan.js";
import type { Environment } from "./environment.js";
import { type PlannedCheck, planOf } from "./plan.js";
import { ProblemCollector } from "./problem-collector.js";
import { type Parts, readParts } from "./read-parts.js";
import { SuiteFiles } from "./suite-files.js";
import { assertMatrix, type PlannedTarget, targetsOf } from "./targets.js";
import { Cuts, NO_PROBE } from "./without-faults.js";

/** A valid suite: its contract holds, its probes exist, and they accept its inputs. */
export interface ReadSuite {
  /** With the targets and checks of the included files, which come after its own. */
  readonly suite: Suite;
  readonly targets: readonly PlannedTarget[];
  readonly checks: readonly PlannedCheck[];
  readonly files: SuiteFiles;
}

/** Reads and validates a whole suite before any of it runs. Rejects with a SuiteError that lists all problems. */
export async function readSuite(file: string, text: string, environment: Environment): Promise<ReadSuite> {
  const parts = await readParts(file, text, environment);
  const [own] = parts;
  const documents = parts.map(({ document }) => document);
  const files = new SuiteFiles(
    own.document,
    documents,
    parts.map(({ value }) => value),
  );
  const collector = new ProblemCollector(files);
  collector.problems.push(...parts.flatMap((part) => part.collector.problems));
  collector.filled = new Map(parts.flatMap((part) => [...part.collector.filled]));
  collector.cuts = cutsOf(parts);
  const suite = joined(parts, collector);
  assertMatrix(suite, collector);
  const targets = targetsOf(suite);
  const checks = planOf(suite, targets, files).filter(({ check }) => check.probe !== NO_PROBE);
  await checkPlan(suite, targets, checks, collector);
  collector.throwIfAny();
  return { suite, targets, checks, files };
}

function joined(parts: Parts, collector: ProblemCollector): Suite {
  const [{ value: own }, ...included] = parts;
  const targets: Suite["targets"] = { ...own.targets };
  for (const { document, value } of included) {
    for (const [name, fields] of Object.entries(value.targets)) {
      if (Object.hasOwn(targets, name)) {
        const { file, line } = collector.files.position(["targets", name], "key");
        collector.addProblem(document, document.find(["targets", name]).key, `${file}:${line} defines the target ${JSON.stringify(name)}, too`);
      } else targets[name] = fields;
    }
  }
  const checks = [...own.checks, ...included.flatMap(({ value }) => value.checks)];
  if (checks.length === 0 && !collector.cuts.isEverywhere) collector.add([], "value", "the suite has no checks", "add `checks`, or include a file with some");
  return { ...own, targets, checks };
}

/** Of the joined suite. */
function cutsOf(parts: Parts): Cuts {
  const all = new Cuts();
  let before = 0;
  for (const { cuts, value } of parts) {
    all.isEverywhere ||= cuts.isEverywhere;
    for (const index of cuts.checks) all.checks.add(before + index);
    before += value.checks.length;
  }
  return all;
}
