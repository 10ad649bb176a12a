import type { Node } from "yaml";
import type { Violation } from "../support/request-error.js";
import { stepsOf } from "./coerce-input.js";
import type { Part, SuiteDocument } from "./document.js";
import type { Substitution } from "./environment.js";
import { type Problem, SuiteError } from "./problem.js";

type Path = readonly (string | number)[];

/** Collects the problems of one suite. */
export class ProblemCollector {
  readonly problems: Problem[] = [];
  /** The scalars whose text came from the environment. */
  filled: ReadonlyMap<Node, Substitution> = new Map();

  constructor(readonly document: SuiteDocument) {}

  add(path: Path, part: Part, message: string, hint: string | null = null): void {
    this.#addProblem(this.document.find(path)[part], message, hint);
  }

  /** Adds a contract's violation of the value at `base`. */
  addViolation(base: Path, { pointer, message, hint }: Violation): void {
    const steps = stepsOf(pointer);
    const path = [...base, ...steps];
    const { key, value, depth } = this.document.find(path);
    const where = steps.join(".");
    const named = where === "" ? message : `${where}: ${message}`;
    const fillings = depth === path.length ? this.#fillingsIn(value) : [];
    if (fillings.some(({ failed }) => failed)) return;
    const variables = [...new Set(fillings.flatMap((filling) => filling.variables))].map((name) => `\${${name}}`);
    // A value from the environment may be a secret: it is reported by its name.
    if (variables.length > 0 && message.includes(SHOWN_VALUE))
      this.#addProblem(value, `${withoutValue(named)}, not the value of ${variables.join(", ")}`, hintWithoutValue(hint, variables));
    else this.#addProblem(message === "there is no such field" ? key : value, named, hint);
  }

  /** How the environment filled the value at a path; null if it did not. */
  fillingAt(path: Path): Substitution | null {
    const { value, depth } = this.document.find(path);
    return value !== null && depth === path.length ? (this.filled.get(value) ?? null) : null;
  }

  /** Throws the collected problems, in the order of the file. */
  throwIfAny(): void {
    if (this.problems.length === 0) return;
    throw new SuiteError(this.problems.sort((a, b) => a.line - b.line || a.column - b.column));
  }

  #addProblem(node: Node | null, message: string, hint: string | null): void {
    const problem = { file: this.document.file, ...this.document.positionOf(node), message, hint };
    // A mistake in a target is found again by each of its checks.
    if (!this.problems.some((other) => other.line === problem.line && other.column === problem.column && other.message === message))
      this.problems.push(problem);
  }

  #fillingsIn(node: Node | null): Substitution[] {
    return node === null ? [] : this.document.values(node).flatMap((scalar) => this.filled.get(scalar) ?? []);
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
