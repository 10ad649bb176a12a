import { RequestError } from "../../support/request-error.js";

/** The error, with the place of the input that it is about: `hosts.csv, line 3`. */
export function withPlace(error: RequestError, place: string): RequestError {
  return new RequestError(`${place}: ${error.summary}`, error.code, error.violations);
}

/** What `read` returns; its error names the place. */
export function readAt<Value>(place: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof RequestError ? withPlace(error, place) : error;
  }
}

/** A list as messages name it. */
export function nameOf(written: string): string {
  return written === "-" ? "stdin" : written;
}
