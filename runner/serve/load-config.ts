import { readFile } from "node:fs/promises";
import { SuiteError } from "../suite/problem.js";
import { fileProblem } from "../support/file-error.js";
import { RequestError } from "../support/request-error.js";
import { readBlackbox } from "./blackbox/read-config.js";
import type { ModuleProblem } from "./blackbox/section.js";
import type { Served } from "./exporter.js";
import { defaultModules } from "./modules.js";

export interface Loaded {
  readonly served: Served;
  /** What is wrong with single modules, one line each, for a person. */
  readonly problems: readonly string[];
}

/** Reads what is to be served. Rejects with a RequestError for a file that cannot be read, or that is no configuration. */
export async function loadConfig(file: string | null): Promise<Loaded> {
  const readAt = Date.now() / 1000;
  if (file === null) return { served: { modules: await defaultModules(), refused: new Map(), readAt, isNewest: true }, problems: [] };
  const { modules, problems } = await readBlackbox(file, await textOf(file)).catch(notConfiguration(file));
  const refused = new Map<string, string>();
  for (const problem of problems) if (!refused.has(problem.module)) refused.set(problem.module, `line ${problem.line}: ${problem.message}`);
  return { served: { modules, refused, readAt, isNewest: true }, problems: problems.map((problem) => named(file, problem)) };
}

function lineOf(file: string, { line, column, message }: ModuleProblem): string {
  return `${file}:${line}:${column}: ${message}`;
}

function named(file: string, problem: ModuleProblem): string {
  return problem.module === "" ? lineOf(file, problem) : `${lineOf(file, problem)} (module ${problem.module} is not served)`;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new RequestError(fileProblem(file, error), "usage", []);
  }
}

function notConfiguration(file: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof SuiteError)) throw error;
    const violations = error.problems.map(({ line, column, message, hint }) => ({ pointer: `${line}:${column}`, message, hint }));
    throw new RequestError(`${file} is not a configuration of blackbox_exporter`, "usage", violations);
  };
}
