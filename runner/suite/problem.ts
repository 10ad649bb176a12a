/** One problem of a suite's file, with its position for an editor: lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | null;
}

/** A suite that cannot be run as written: nothing was run. */
export class SuiteError extends Error {
  override readonly name = "SuiteError";

  constructor(readonly problems: readonly Problem[]) {
    super(`the suite is wrong:\n${problems.map(problemText).join("\n")}`);
    // Reporters show the first position of a stack: the suite's, not ours.
    this.stack = `${this.name}: ${this.message}\n${problems.map(({ file, line, column }) => `    at ${file}:${line}:${column}`).join("\n")}`;
  }
}

export function problemText({ file, line, column, message, hint }: Problem): string {
  return `${file}:${line}:${column}: ${message}${hint === null ? "" : `; ${hint}`}`;
}
