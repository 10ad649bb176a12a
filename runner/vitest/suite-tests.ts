import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, type TestContext, test } from "vitest";
import { accept } from "../harness/accept.js";
import { loadProbe } from "../harness/registry.js";
import { type RunOptions, runReport } from "../harness/run.js";
import { parseAsked } from "../harness/version.js";
import { checksOf } from "../suite/choose.js";
import { mismatches } from "../suite/judge.js";
import type { PlannedCheck } from "../suite/plan.js";
import { againstTarget } from "../suite/play.js";
import { probeName } from "../suite/probe-name.js";
import { type ReadSuite, readSuite } from "../suite/read.js";
import type { Place } from "../suite/suite-files.js";
import { errorText, RequestError } from "../support/request-error.js";
import { mismatchText } from "./evidence-text.js";
import { type Limit, limited } from "./limited.js";
import { withTestTimeout } from "./test-timeout.js";
import { type CheckTry, Tries } from "./tries.js";

export interface SuiteOptions {
  /** Overrides the suite's retries. */
  retries?: number;
  /** Overrides the suite's concurrency. */
  concurrency?: number;
  /** Only checks of these targets; all by default. */
  targets?: readonly string[];
  /** Only checks with one of these tags; all by default. */
  withTags?: readonly string[];
  /** Gives each test the tags of its check. Vitest rejects tags that its configuration does not list. */
  tags?: boolean;
  /** Keeps all tries of a check in the test's meta (`probe_run_tries`), not the last one only. */
  tries?: boolean;
}

/** Creates a vitest test for each check of a suite's file. An invalid suite fails as a whole, with the positions of its problems. */
export async function suiteTests(path: string, options: SuiteOptions = {}): Promise<void> {
  const file = resolve(path);
  const read = await readSuite(file, await readFile(file, "utf8"), process.env);
  const limit = limited(options.concurrency ?? read.suite.concurrency);
  const deadlines = await Promise.all(read.checks.map((check) => deadlineOf(check)));
  const chosen = checksOf(read.checks, { targets: options.targets, tags: options.withTags });
  describe.concurrent(read.suite.name, () => {
    for (const check of chosen) defineTest(read, check, { options, limit, deadlineMs: deadlines[read.checks.indexOf(check)] });
  });
}

interface Setting {
  readonly options: SuiteOptions;
  readonly limit: Limit;
  readonly deadlineMs: number | undefined;
}

function defineTest(read: ReadSuite, check: PlannedCheck, { options, limit, deadlineMs }: Setting): void {
  const retry = options.retries ?? check.retries;
  // Vitest's own timeout would include the time in the queue.
  const settings = { tags: options.tags ? [...check.tags] : [], timeout: 0, ...(retry === null ? {} : { retry }) };
  const tries = new Tries(options.tries ?? false);
  test.concurrent(check.title, settings, (context) =>
    tries.next(context.task.meta, (own) => limit(() => withTestTimeout(deadlineMs, () => runCheck(read, check, context, own)))),
  );
}

async function runCheck({ files }: ReadSuite, planned: PlannedCheck, { signal, task }: TestContext, own: CheckTry): Promise<void> {
  const { check, file, index, timeoutMs } = planned;
  const options: RunOptions = { signal, ...(timeoutMs === null ? {} : { timeoutMs }) };
  const { result: report, deviations } = await againstTarget(planned, (input) => runReport(probeName(check.probe, file), input, options)).catch((error) => {
    if (!(error instanceof RequestError)) throw error;
    own.reasons = [errorText(error)];
    own.place = files.position(["checks", index, "probe"]);
    throw new CheckError(`it could not be run: ${errorText(error)}`, own.place);
  });
  // Adds the evidence to the JSON reporter's output, in the form for a queue.
  task.meta.probe_run = { probe: report.probe, version: report.version, output: report.envelope.queue };
  own.ran = task.meta.probe_run;
  const wrong = mismatches(check.expect, report.carried, report.envelope.output);
  own.reasons = [...deviations, ...wrong].map(({ message }) => message);
  const [first] = wrong;
  const [deviation] = deviations;
  if (first === undefined && deviation === undefined) return;
  // Vitest keeps what each try threw: a report would show the same failure again for each.
  if (task.result?.errors !== undefined) task.result.errors.length = 0;
  const path = first === undefined || first.path.length === 0 ? ["probe"] : ["expect", ...first.path];
  // What is not as expected may follow from what the transcript did not expect, so that comes first.
  own.place = deviation?.place ?? files.position(["checks", index, ...path]);
  throw new CheckError(mismatchText([...deviations, ...wrong], report), own.place);
}

async function deadlineOf({ check, file, input, timeoutMs }: PlannedCheck): Promise<number | undefined> {
  if (timeoutMs !== null) return timeoutMs;
  const asked = parseAsked(probeName(check.probe, file));
  return accept(await loadProbe(asked.name), asked, input).filled.timeout_ms;
}

declare module "vitest" {
  interface TaskMeta {
    /** The result of a check. */
    probe_run?: { readonly probe: string; readonly version: string; readonly output: unknown };
    /** All tries of a check, the last one at the end; with the option `tries`. */
    probe_run_tries?: readonly CheckTry[];
  }
}

/** A failed check of a suite. Reporters show it at the line of the suite with the expectation. */
class CheckError extends Error {
  override readonly name = "CheckError";

  constructor(message: string, { file, line, column }: Place) {
    super(message);
    this.stack = `${this.name}: ${message}\n    at ${file}:${line}:${column}`;
  }
}
