import type { Position } from "../suite/document.js";

/** A check of a suite that failed. To a reporter it comes from the line of the suite that says what was expected. */
export class CheckError extends Error {
  override readonly name = "CheckError";

  constructor(message: string, file: string, { line, column }: Position) {
    super(message);
    this.stack = `${this.name}: ${message}\n    at ${file}:${line}:${column}`;
  }
}
