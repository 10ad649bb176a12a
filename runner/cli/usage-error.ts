import { RequestError } from "../support/request-error.js";

/** A mistake in the command line itself. */
export class UsageError extends RequestError {
  constructor(message: string, hint: string | null = null) {
    super(message, "usage", hint === null ? [] : [{ pointer: "", message: hint, hint: null }]);
  }
}

/** Names the first argument that is missing, by its placeholder in the usage: `<probe>`. */
export function missingArgument(usage: string, given: number, line: string): UsageError {
  const placeholder = usage.match(/<[^<>]*>/g)?.[given];
  return new UsageError(placeholder === undefined ? "missing argument" : `missing argument: ${placeholder}`, `usage: ${line}`);
}
