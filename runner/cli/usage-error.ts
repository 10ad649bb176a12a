import { RequestError } from "../support/request-error.js";

/** The command line itself was written wrong. */
export class UsageError extends RequestError {
  constructor(message: string, hint: string | null = null) {
    super(message, "usage", hint === null ? [] : [{ pointer: "", message: hint, hint: null }]);
  }
}
