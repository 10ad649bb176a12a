import { readFile } from "node:fs/promises";
import { SuiteError } from "../../suite/problem.js";
import { type ReadSuite, readSuite } from "../../suite/read.js";
import { fileProblem } from "../../support/file-error.js";
import { RequestError } from "../../support/request-error.js";
import { type WatchPlan, watchPlanOf } from "../../watch/watch-plan.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";

export interface ReadWatch {
  readonly file: string;
  readonly suite: ReadSuite;
  readonly plan: WatchPlan;
}

/** Reads a suite that is to be watched. Rejects with a RequestError with all that is wrong with it. */
export async function readWatch(file: string, io: Io): Promise<ReadWatch> {
  try {
    const suite = await readSuite(file, await textOf(file), io.env);
    return { file, suite, plan: await watchPlanOf(suite) };
  } catch (error) {
    return wrongSuite(`${file} cannot be watched as it is written`)(error);
  }
}

/** What is wrong with a suite, as an error of the request. */
function wrongSuite(message: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof SuiteError)) throw error;
    const violations = error.problems.map(({ line, column, message: own, hint }) => ({ pointer: `${line}:${column}`, message: own, hint }));
    throw new RequestError(message, "usage", violations);
  };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(fileProblem(file, error), "give the path of a suite");
  }
}
