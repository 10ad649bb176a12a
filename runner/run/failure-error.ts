import type { Failure, FailureCode, Phase } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";

const BRAND = Symbol.for("probe-run.failure");

/**
 * Carries a failure from where it happened up to the probe's `ctx.attempt`, which turns it back into data.
 * Anything else that is thrown inside a probe is a bug.
 */
export class FailureError extends Error {
  override readonly name = "FailureError";
  readonly failure: Failure;
  readonly [BRAND] = true;

  /** Also one that a second copy of probe-run made: a probe that is not ours may come with its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && BRAND in value;
  }

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.phase}: ${failure.message}`, options);
    this.failure = failure;
  }
}

export function fail(phase: Phase, code: FailureCode, message: string): FailureError {
  return new FailureError(failure(phase, code, message));
}
