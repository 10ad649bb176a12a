import type { Node } from "yaml";
import type { Violation } from "../support/request-error.js";
import { stepsOf } from "./coerce-input.js";
import type { Part, SuiteDocument } from "./document.js";
import type { Substitution } from "./environment.js";
import { type Problem, SuiteError } from "./problem.js";
import type { SuiteFiles } from "./suite-files.js";
import { Cuts } from "./without-faults.js";

type Path = readonly (string | number)[];

/** Collects the problems of one suite. */
export class ProblemCollector {
  readonly problems: Problem[] = [];
  /** The scalars whose text came from the environment. */
  filled: ReadonlyMap<Node, Substitution> = new Map();

  /** What was left out because it is wrong: what is missing there is no problem of its own. */
  cuts = new Cuts();

  constructor(readonly files: SuiteFiles) {}

  isCut(check: number): boolean {
    return this.cuts.isEverywhere || this.cuts.checks.has(check);
  }

  add(path: Path, part: Part, message: string, hint: string | null = null): void {
    const found = this.files.find(path);
    this.addProblem(found.document, found[part], message, hint);
  }

  /** Adds a contract's violation, whose value is written at `path`. */
  addViolation(path: Path, { pointer, message, hint }: Violation): void {
    const { document, key, value, depth } = this.files.find(path);
    const where = stepsOf(pointer).join(".");
    const named = where === "" ? message : `${where}: ${message}`;
    const fillings = depth === path.length && value !== null ? this.#fillingsIn(document, value) : [];
    if (fillings.some(({ failed }) => failed)) return;
    const variables = [...new Set(fillings.flatMap((filling) => filling.variables))].map((name) => `\${${name}}`);
    // A value from the environment may be a secret: it is reported by its name.
    if (variables.length > 0 && message.includes(SHOWN_VALUE))
      this.addProblem(document, value, `${withoutValue(named)}, not the value of ${variables.join(", ")}`, hintWithoutValue(hint, variables));
    else this.addProblem(document, message === "there is no such field" ? key : value, named, hint);
  }

  /** How the environment filled the value at a path; null if it did not. */
  fillingAt(path: Path): Substitution | null {
    const { value, depth } = this.files.find(path);
    return value !== null && depth === path.length ? (this.filled.get(value) ?? null) : null;
  }

  /** Throws the collected problems, in the order of the files and of their lines. */
  throwIfAny(): void {
    if (this.problems.length === 0) return;
    const order = new Map(this.files.documents.map(({ file }, index) => [file, index]));
    const placeOf = ({ file }: Problem): number => order.get(file) ?? 0;
    throw new SuiteError(this.problems.sort((a, b) => placeOf(a) - placeOf(b) || a.line - b.line || a.column - b.column));
  }

  addProblem(document: SuiteDocument, node: Node | null, message: string, hint: string | null = null): void {
    const problem = { file: document.file, ...document.positionOf(node), message, hint };
    const isSame = (other: Problem): boolean =>
      other.file === problem.file && other.line === problem.line && other.column === problem.column && other.message === message;
    // A mistake in a target is found again by each of its checks.
    if (!this.problems.some(isSame)) this.problems.push(problem);
  }

  #fillingsIn(document: SuiteDocument, node: Node): Substitution[] {
    return document.values(node).flatMap((scalar) => this.filled.get(scalar) ?? []);
  }
}

/** In a violation's message, this precedes the value that was found. */
const SHOWN_VALUE = ", not ";

function withoutValue(message: string): string {
  return message.split(SHOWN_VALUE, 1)[0] as string;
}

function hintWithoutValue(hint: string | null, variables: readonly string[]): string | null {
  return hint?.startsWith("write it without quotes") ? `write it without quotes: ${variables.join("")}` : null;
}
