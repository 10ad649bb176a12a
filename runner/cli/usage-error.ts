import { RequestError } from "../support/request-error.js";

/** A mistake in the command line itself. */
export class UsageError extends RequestError {
  constructor(message: string, hint: string | null = null) {
    super(message, "usage", hint === null ? [] : [{ pointer: "", message: hint, hint: null }]);
  }
}
