import { basename, relative } from "node:path";
import type { TestCase, Vitest } from "vitest/node";
import { suiteReport } from "../report/suites/suite-report.js";
import type { CheckRun, SuiteRun } from "../report/suites/suite-run.js";
import type { PlannedCheck } from "../suite/plan.js";
import type { ReadSuite } from "../suite/read.js";
import type { Io } from "./io.js";
import { pagePath, writePage } from "./page-file.js";
import type { TestArguments } from "./test-options.js";
import { checkNameOf } from "./test-summary.js";
import { UsageError } from "./usage-error.js";

/** Null without --report. */
export function reportPath({ report, watch }: TestArguments["options"], io: Io): string | null {
  if (report === null) return null;
  if (watch) throw new UsageError("--report cannot be used with --watch", "a report is of one run");
  return pagePath("--report", report, io);
}

/** False: it could not be written, which has been reported. */
export async function writeReport(path: string, text: string, io: Io): Promise<boolean> {
  try {
    await writePage(path, text);
    return true;
  } catch (error) {
    io.err(`probe-run: ${(error as Error).message}\n`);
    return false;
  }
}

/** The report of a run that has ended. */
export function reportOf(suites: readonly ReadSuite[], vitest: Vitest, startedAt: number, cwd: string): string {
  const title = suites.length === 1 ? (suites[0] as ReadSuite).suite.name : suites.map(({ files }) => basename(files.file)).join(", ");
  return suiteReport(
    suites.map((read) => suiteRun(read, vitest, cwd)),
    { title, startedAt, endedAt: Date.now() },
  );
}

function suiteRun({ suite, files, checks }: ReadSuite, vitest: Vitest, cwd: string): SuiteRun {
  const module = vitest.state.getTestModules().find(({ moduleId }) => moduleId === files.file);
  const planned = new Map(checks.map((check) => [check.title, check]));
  const tests = module === undefined ? [] : [...module.children.allTests()];
  return {
    name: suite.name,
    file: relative(cwd, files.file),
    problems: module === undefined ? [] : module.errors().map(({ message }) => message),
    checks: tests.map((test) => checkRun(test, planned.get(test.name), cwd)),
  };
}

function checkRun(test: TestCase, planned: PlannedCheck | undefined, cwd: string): CheckRun {
  const { state, errors = [] } = test.result();
  const tries = test.meta().probe_run_tries ?? [];
  const place = tries.at(-1)?.place;
  return {
    name: planned === undefined ? test.name : checkNameOf(planned),
    target: planned?.target ?? null,
    state: state === "passed" || state === "failed" ? state : "skipped",
    startedAt: test.diagnostic()?.startTime ?? null,
    place: place === undefined ? null : `${relative(cwd, place.file)}:${place.line}:${place.column}`,
    tries: tries.map(({ ran, reasons }, index) => ({
      probe: ran === undefined ? (planned?.check.probe ?? "") : `${ran.probe}@${ran.version}`,
      // What vitest itself found, as an expired timeout, belongs to the last one.
      reasons: reasons.length === 0 && state === "failed" && index === tries.length - 1 ? errors.map(({ message }) => message) : reasons,
      output: ran?.output ?? null,
    })),
  };
}
