import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Suite, type SuitePart, suiteContract, suitePartContract } from "../../schemas/suite.js";
import { fileProblem } from "../support/file-error.js";
import type { Violation } from "../support/request-error.js";
import { violationsOf } from "../support/violations.js";
import { fitToContract, stepsOf } from "./coerce-input.js";
import { MAX_CHARACTERS, SuiteDocument } from "./document.js";
import { type Environment, substituteVariables } from "./environment.js";
import { type Problem, SuiteError } from "./problem.js";
import { ProblemCollector } from "./problem-collector.js";
import { SuiteFiles } from "./suite-files.js";
import { type Cuts, withoutFaults } from "./without-faults.js";

const MAX_FILES = 32;

/** One file of a suite. The first is the suite's own, which says everything but what others add. */
interface Part<Value> {
  readonly document: SuiteDocument;
  /** Fits the contract: what does not is left out. */
  readonly value: Value;
  readonly collector: ProblemCollector;
  readonly cuts: Cuts;
}

export type Parts = readonly [Part<Suite>, ...Part<SuitePart>[]];

/**
 * Reads a suite's file and those that it includes, each once, and collects what is wrong with them. Rejects with a SuiteError if the suite's file is
 * not even a list of fields.
 */
export async function readParts(file: string, text: string, environment: Environment): Promise<Parts> {
  const own = await readPart<Suite>(await SuiteDocument.parse(file, text), suiteContract, environment);
  const including = new Including(environment, resolve(file));
  await including.include(own);
  const { parts, problems } = including;
  own.collector.problems.push(...problems);
  own.cuts.isEverywhere ||= problems.length > 0;
  return [own, ...parts];
}

/** Follows includes, and collects what is wrong with any of the files. */
class Including {
  readonly parts: Part<SuitePart>[] = [];
  readonly problems: Problem[] = [];
  readonly #environment: Environment;
  readonly #seen: Set<string>;

  constructor(environment: Environment, own: string) {
    this.#environment = environment;
    this.#seen = new Set([own]);
  }

  async include({ document, value }: Part<Suite | SuitePart>): Promise<void> {
    for (const [index, written] of (value.include ?? []).entries()) {
      const problem = (message: string): Problem => ({ file: document.file, ...document.position(["include", index]), message, hint: null });
      try {
        const part = await this.#read(written, resolve(dirname(document.file), written), problem);
        this.parts.push(part);
        await this.include(part);
      } catch (error) {
        if (!(error instanceof SuiteError)) throw error;
        this.problems.push(...error.problems);
      }
    }
  }

  async #read(written: string, path: string, problem: (message: string) => Problem): Promise<Part<SuitePart>> {
    if (this.#seen.has(path)) throw new SuiteError([problem(`${written} is included already`)]);
    if (this.#seen.size >= MAX_FILES) throw new SuiteError([problem(`a suite may have ${MAX_FILES} files`)]);
    this.#seen.add(path);
    return readPart<SuitePart>(await SuiteDocument.parse(path, await textOf(path, problem)), suitePartContract, this.#environment);
  }
}

async function textOf(path: string, problem: (message: string) => Problem): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile() && !found.isDirectory()) throw new Error("it is not a regular file");
    // A character takes up to four bytes.
    if (found.size > 4 * MAX_CHARACTERS) throw new Error(`it has ${found.size} bytes`);
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SuiteError([problem(fileProblem(path, error))]);
  }
}

type Contract = typeof suiteContract | typeof suitePartContract;

async function readPart<Value>(document: SuiteDocument, contract: Contract, environment: Environment): Promise<Part<Value>> {
  const collector = new ProblemCollector(new SuiteFiles(document));
  collector.filled = substituteVariables(document, environment, collector.problems);
  const value = document.value();
  let violations = violationsIn(contract, value);
  if (fitToContract(value, violations, (steps) => collector.fillingAt(steps))) violations = violationsIn(contract, value);
  for (const violation of violations) collector.addViolation(stepsOf(violation.pointer), violation);
  const cuts = withoutFaults(value, violations, (rest) => violationsIn(contract, rest));
  if (cuts === null) {
    collector.throwIfAny();
    throw new SuiteError([{ file: document.file, line: 1, column: 1, message: "the suite cannot be read", hint: null }]);
  }
  return { document, value: value as Value, collector, cuts };
}

function violationsIn(contract: Contract, value: unknown): Violation[] {
  // The errors of a condition's branch say already that it does not match.
  return violationsOf(contract.faults(value).filter(({ keyword }) => keyword !== "if")).map(withPlaceOfOutput);
}

/** Fields of the output stand one level deeper than its status; both are easily written beside each other. */
function withPlaceOfOutput(violation: Violation): Violation {
  const field = violation.message === "there is no such field" ? /^\/checks\/\d+\/expect\/([^/]+)$/.exec(violation.pointer)?.[1] : undefined;
  if (field === undefined) return violation;
  const { hint } = violation;
  return { ...violation, hint: `${hint}${hint?.endsWith("?") ? "" : ";"} output fields are written as output: { ${field}: … }` };
}
