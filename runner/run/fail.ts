import type { FailureCode, Phase } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";
import { FailureError } from "./failure-error.js";

/** Ends what a probe is attempting with this failure. It throws by itself, because a forgotten `throw` would make a failed run look fine. */
export function fail(phase: Phase, code: FailureCode, message: string): never {
  throw new FailureError(failure(phase, code, message));
}
