import { patternFault } from "../../schemas/regular-expression.js";
import type { Suite } from "../../schemas/suite.js";
import { nearest } from "../support/did-you-mean.js";
import { checkInput } from "./check-input.js";
import type { PlannedCheck } from "./plan.js";
import type { ProblemCollector } from "./problem-collector.js";
import { isTarget, type PlannedTarget } from "./targets.js";
import { transcriptProblems } from "./transcript-problems.js";

/** The checks of a suite that its contract cannot express. */
export async function checkPlan(suite: Suite, targets: readonly PlannedTarget[], checks: readonly PlannedCheck[], collector: ProblemCollector): Promise<void> {
  checkTargets(suite, targets, collector);
  checkTitles(checks, collector);
  checkTranscripts(checks, collector);
  checkPatterns(suite, collector);
  for (const each of checks) await checkInput(each, collector);
}

function checkTargets(suite: Suite, all: readonly PlannedTarget[], collector: ProblemCollector): void {
  if (collector.cuts.isEverywhere) return;
  const known = [...new Set(all.flatMap(({ name, labels }) => [...labels, name]))];
  for (const [index, { targets }] of suite.checks.entries()) {
    if (!Array.isArray(targets)) continue;
    for (const [place, name] of (targets as string[]).entries()) {
      if (all.some((target) => isTarget(target, name))) continue;
      const near = nearest(name, known, 1)[0];
      const hint = near !== undefined ? `did you mean ${near}?` : known.length === 0 ? "the suite has no targets" : `the targets are: ${known.join(", ")}`;
      collector.add(["checks", index, "targets", place], "value", `there is no target ${JSON.stringify(name)}`, hint);
    }
  }
}

/** Reports and filters identify a check by its name alone. */
function checkTitles(checks: readonly PlannedCheck[], collector: ProblemCollector): void {
  const seen = new Map<string, number>();
  for (const { title, check, index } of checks) {
    if (collector.isCut(index)) continue;
    const other = seen.get(title);
    if (other === undefined) seen.set(title, index);
    else {
      const path = ["checks", index, check.name === undefined ? "probe" : "name"];
      const { file, line } = collector.files.position(["checks", other]);
      const place = file === collector.files.position(path).file ? `line ${line}` : `${file}:${line}`;
      collector.add(path, "value", `the check ${JSON.stringify(title)} of ${place} has the same name`, "give each its own `name`");
    }
  }
}

/** Each transcript is read once before anything runs. */
function checkTranscripts(checks: readonly PlannedCheck[], collector: ProblemCollector): void {
  const seen = new Set<string>();
  for (const { transcript, labels } of checks) {
    const [target] = labels;
    if (transcript === null || target === undefined || seen.has(target)) continue;
    seen.add(target);
    for (const problem of transcriptProblems(transcript)) collector.add(["targets", target, "transcript"], "value", problem);
  }
}

function checkPatterns(suite: Suite, collector: ProblemCollector): void {
  for (const [index, { expect }] of suite.checks.entries()) {
    for (const [field, expected] of Object.entries((expect?.output as Record<string, { matches?: unknown } | null> | undefined) ?? {})) {
      const pattern = expected?.matches;
      const why = typeof pattern === "string" ? patternFault(pattern) : null;
      if (why !== null) collector.add(["checks", index, "expect", "output", field, "matches"], "value", `the regular expression cannot be used: ${why}`);
    }
  }
}
