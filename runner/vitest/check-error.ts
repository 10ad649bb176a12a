import type { Position } from "../suite/document.js";

/** A failed check of a suite. Reporters show it at the line of the suite with the expectation. */
export class CheckError extends Error {
  override readonly name = "CheckError";

  constructor(message: string, file: string, { line, column }: Position) {
    super(message);
    this.stack = `${this.name}: ${message}\n    at ${file}:${line}:${column}`;
  }
}
