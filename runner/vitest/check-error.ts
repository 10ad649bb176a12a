import type { Place } from "../suite/suite-files.js";

/** A failed check of a suite. Reporters show it at the line of the suite with the expectation. */
export class CheckError extends Error {
  override readonly name = "CheckError";

  constructor(message: string, { file, line, column }: Place) {
    super(message);
    this.stack = `${this.name}: ${message}\n    at ${file}:${line}:${column}`;
  }
}
