import { readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import type { TestCase, Vitest } from "vitest/node";
import { GENERATOR } from "../report/page.js";
import { suiteReport } from "../report/suites/suite-report.js";
import type { CheckRun, SuiteRun } from "../report/suites/suite-run.js";
import type { PlannedCheck } from "../suite/plan.js";
import type { ReadSuite } from "../suite/read.js";
import type { Io } from "./io.js";
import type { TestArguments } from "./test-options.js";
import { checkNameOf } from "./test-summary.js";
import { UsageError } from "./usage-error.js";

/** Null without --report. An earlier report is replaced, and no other file. */
export function reportPath({ report, watch }: TestArguments["options"], io: Io): string | null {
  if (report === null) return null;
  if (watch) throw new UsageError("--report cannot be used with --watch", "a report is of one run");
  const path = resolve(io.cwd, report);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return path;
    throw new UsageError(`--report cannot use ${report}: ${(error as Error).message}`);
  }
  if (!text.slice(0, 1000).includes(GENERATOR))
    throw new UsageError(`--report would overwrite ${report}, which is not a report`, "name another file, or remove it");
  return path;
}

/** Readers see the old report or the new one. False: it could not be written, which has been reported. */
export async function writeReport(path: string, text: string, io: Io): Promise<boolean> {
  const next = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(next, text, { flag: "wx" });
    await rename(next, path);
    return true;
  } catch (error) {
    await rm(next, { force: true });
    io.err(`probe-run: the report cannot be written: ${(error as Error).message}\n`);
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
